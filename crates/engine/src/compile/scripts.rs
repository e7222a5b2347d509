//! Lua scripts that a configuration names: each file is read and checked once.

use std::path::Path;
use std::sync::Arc;

use portcullis_lua::Script;
use portcullis_seclang::{Diagnostic, Span};

use super::Compiler;
use super::draft::Draft;
use crate::actions::Effect;

impl Compiler<'_> {
    /// The script in a file, whose name is relative to the folder of the configuration file at `directory_of`. What is
    /// wrong is reported at `span`.
    pub(super) fn script(&mut self, directory_of: Span, file: &str, span: Span) -> Option<Arc<Script>> {
        let folder = self.sources.path(directory_of.file).parent().unwrap_or(Path::new(""));
        let path = folder.join(file);
        if let Some(script) = self.scripts.get(&path) {
            return Some(Arc::clone(script));
        }
        let source = match (self.environment.read_file)(&path) {
            Ok(source) => source,
            Err(reason) => {
                let text = format!("cannot read the script `{file}`: {reason}");
                self.error("unreadable-file", span, text);
                return None;
            }
        };
        match Script::compile(path.to_string_lossy(), source) {
            Ok(script) => {
                let script = Arc::new(script);
                self.scripts.insert(path, Arc::clone(&script));
                Some(script)
            }
            Err(reason) => {
                let text = format!("the script `{file}` does not compile");
                self.diagnostics.push(Diagnostic::error("invalid-script", span, text).with_help(reason));
                None
            }
        }
    }

    /// Reads the scripts that the actions of a rule run.
    pub(super) fn load_scripts(&mut self, draft: &mut Draft, rule: Span) {
        for effect in &mut draft.effects {
            if let Effect::Exec(exec) = effect
                && let Some((file, span)) = exec.wanted_script()
            {
                let script = self.script(rule, &file, span);
                exec.set_script(script);
            }
        }
    }
}
