//! Running the binary: a site in a temporary folder, a process whose lines can be waited for, an origin, a client.
//!
//! Nothing here sleeps: a test waits for a line, an answer or an end, and fails with everything it has seen when that
//! takes longer than [`PATIENCE`].

mod git;
mod git_server;
mod origin;
mod process;

pub use git::{as_ann, git};
pub use git_server::GitServer;
pub use origin::Origin;
pub use process::{Portcullis, output, output_in, output_with};

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;

/// How long anything may take on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A site in a folder that vanishes with it.
pub struct Site {
    folder: TempDir,
}

/// Detection, bodies on, an audit entry per relevant request.
const CONFIGURATION: &str = "\
SecRuleEngine DetectionOnly
SecRequestBodyAccess On
SecAuditEngine RelevantOnly
SecAuditLog logs/audit.log
SecAuditLogParts ABHKZ
";

/// A rule that finds `attack` in an argument.
pub const RULE: &str = "\
SecRule ARGS \"@contains attack\" \"id:1000,phase:2,deny,status:403,log,auditlog,msg:'attack seen',severity:CRITICAL\"
";

impl Site {
    /// A site with one rule, in detection.
    pub fn new() -> Self {
        Self::with(CONFIGURATION, RULE)
    }

    /// A site with this `modsecurity.conf` and these rules.
    pub fn with(configuration: &str, rules: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let site = Self { folder };
        for part in ["rules/activated_rules", "logs", "data"] {
            fs::create_dir_all(site.path(part)).unwrap();
        }
        site.write("modsecurity.conf", configuration);
        site.write("rules/activated_rules/10-test.conf", rules);
        site
    }

    /// The site's folder.
    pub fn root(&self) -> &Path {
        self.folder.path()
    }

    /// The site's folder as an argument.
    pub fn argument(&self) -> &str {
        self.root().to_str().unwrap()
    }

    /// A path in the site.
    pub fn path(&self, name: &str) -> PathBuf {
        self.root().join(name)
    }

    /// Replaces a file in one step, as editors do.
    pub fn write(&self, name: &str, text: &str) {
        let new = self.path("new");
        fs::write(&new, text).unwrap();
        fs::rename(new, self.path(name)).unwrap();
    }

    /// A file's text.
    pub fn read(&self, name: &str) -> String {
        String::from_utf8_lossy(&fs::read(self.path(name)).unwrap()).into_owned()
    }
}

/// Sends bytes over a connection of its own and reads the answer to its end.
pub fn exchange(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

/// A GET and its whole answer.
pub fn get(address: SocketAddr, target: &str) -> String {
    exchange(address, &format!("GET {target} HTTP/1.1\r\nHost: shop.test\r\nConnection: close\r\n\r\n"))
}

/// The status of an answer; 0 when there is none.
pub fn status(answer: &str) -> u16 {
    answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0)
}
