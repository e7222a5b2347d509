//! DTDs and XML schemas that `@validateDTD` and `@validateSchema` name.
//!
//! The file is read where the rule stands; it is compiled at the end, when `SecXmlExternalEntity` is known: On lets a grammar
//! include others (`<!ENTITY % x SYSTEM "more.dtd">`, `<xs:include>`), which are read like it, from the site. A file that cannot
//! be read is an error, one that is no grammar a warning: v2 finds that out, and says so, at each request.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use portcullis_seclang::{Diagnostic, Span};
use portcullis_xmlschema::{AVAILABLE, Failure, Files, Grammar, Kind};

use super::Compiler;
use crate::validation::Validation;

/// The most files that one grammar may consist of.
const MOST_FILES: usize = 100;

/// A grammar to compile when the configuration has been read.
#[derive(Debug)]
pub(crate) struct Wanted {
    validation: Arc<Validation>,
    path: PathBuf,
    content: Vec<u8>,
    span: Span,
}

impl Compiler<'_> {
    /// The grammar in a file, whose name is relative to the folder of the configuration file at `directory_of`.
    pub(super) fn grammar(
        &mut self,
        kind: Kind,
        directory_of: Span,
        file: &str,
        span: Span,
    ) -> Option<Arc<Validation>> {
        if !AVAILABLE {
            let text = "validation of XML is not built into this program";
            let help = "build it with the feature `libxml2`, or take the rule out";
            self.diagnostics.push(Diagnostic::error("unsupported-operator", span, text).with_help(help));
            return None;
        }
        let folder = self.sources.path(directory_of.file).parent().unwrap_or(Path::new(""));
        let path = folder.join(file);
        let known = |wanted: &&Wanted| wanted.path == path && wanted.validation.kind == kind;
        if let Some(known) = self.grammars.iter().find(known) {
            return Some(Arc::clone(&known.validation));
        }
        match (self.environment.read_file)(&path) {
            Ok(content) => {
                let validation = Validation { kind, name: file.to_owned(), grammar: OnceLock::new() };
                let validation = Arc::new(validation);
                let wanted = Wanted { validation: Arc::clone(&validation), path, content, span };
                self.grammars.push(wanted);
                Some(validation)
            }
            Err(reason) => {
                let text = format!("cannot read the grammar `{file}`: {reason}");
                self.error("unreadable-file", span, text);
                None
            }
        }
    }

    /// Compiles the grammars.
    pub(super) fn compile_grammars(&mut self) {
        for wanted in std::mem::take(&mut self.grammars) {
            let compiled = self.compile_grammar(&wanted);
            if let Err(failure) = &compiled {
                let text = format!("`{}` cannot be used: rules that name it fail", wanted.validation.name);
                let said = failure.messages.iter().map(|message| message.text.as_str());
                let mut help = said.collect::<Vec<_>>().join("\n");
                if let Some(missing) = failure.wanted.first() {
                    help = format!("`{missing}` was not read (see SecXmlExternalEntity)\n{help}");
                }
                let diagnostic = Diagnostic::warning("invalid-grammar", wanted.span, text);
                self.diagnostics.push(diagnostic.with_help(help.trim_end().to_owned()));
            }
            // It is set once, here.
            let _ = wanted.validation.grammar.set(compiled);
        }
    }

    fn compile_grammar(&self, wanted: &Wanted) -> Result<Grammar, Failure> {
        let name = wanted.path.to_string_lossy().into_owned();
        let mut files = Files::from([(name.clone(), wanted.content.clone())]);
        loop {
            let result = Grammar::compile(wanted.validation.kind, &name, files.clone());
            let missing = match &result {
                Ok((_, missing)) => missing,
                Err(failure) => &failure.wanted,
            };
            let read =
                if self.settings.xml_external_entity { self.read_parts(missing) } else { Files::new() };
            if read.is_empty() || files.len() + read.len() > MOST_FILES {
                return result.map(|(grammar, _)| grammar);
            }
            files.extend(read);
        }
    }

    /// Those files of a list that can be read; an address in the net is no path.
    fn read_parts(&self, names: &[String]) -> Files {
        let paths = names.iter().filter(|name| !name.contains("://"));
        let read = |name: &String| Some((name.clone(), (self.environment.read_file)(Path::new(name)).ok()?));
        paths.filter_map(read).collect()
    }
}
