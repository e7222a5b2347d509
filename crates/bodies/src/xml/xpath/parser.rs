//! From tokens to an expression.
//!
//! `a/@b = 1 or c` → or(equal(path, 1), path). One function per level of precedence, loosest first; paths are read in
//! [`super::path`]. Names are resolved here: functions with the number of their arguments, axes, prefixes.

use super::XPathError;
use super::expression::{Comparison, Expression, Function, Operation, Path, Start, Type};
use super::lexer::{Token, tokens};
use super::path::is_node_type;

/// The most tokens, which bounds how deep an expression can be.
const TOKEN_LIMIT: usize = 1000;
/// The deepest nesting of parentheses and predicates.
const DEPTH_LIMIT: usize = 64;

/// Parses a whole expression.
pub(super) fn parse(text: &str, namespaces: &[(String, String)]) -> Result<Expression, XPathError> {
    let tokens = tokens(text)?;
    if tokens.len() > TOKEN_LIMIT {
        return Err(XPathError::new(format!("the expression has more than {TOKEN_LIMIT} parts")));
    }
    let mut parser = Parser { tokens: &tokens, at: 0, namespaces, depth: 0 };
    let expression = parser.or()?;
    match parser.peek() {
        None => Ok(expression),
        Some(_) => Err(parser.unexpected("the end")),
    }
}

/// Where the parser stands among the tokens.
pub(super) struct Parser<'t> {
    tokens: &'t [(usize, Token<'t>)],
    pub(super) at: usize,
    pub(super) namespaces: &'t [(String, String)],
    depth: usize,
}

pub(super) type Parsed<T = Expression> = Result<T, XPathError>;

impl<'t> Parser<'t> {
    pub(super) fn peek(&self) -> Option<Token<'t>> {
        self.tokens.get(self.at).map(|(_, token)| *token)
    }

    pub(super) fn after(&self) -> Option<Token<'t>> {
        self.tokens.get(self.at + 1).map(|(_, token)| *token)
    }

    pub(super) fn eat(&mut self, token: Token<'_>) -> bool {
        let found = self.peek() == Some(token);
        self.at += usize::from(found);
        found
    }

    pub(super) fn mark(&mut self, mark: &'static str) -> bool {
        self.eat(Token::Mark(mark))
    }

    pub(super) fn expect(&mut self, mark: &'static str) -> Parsed<()> {
        if self.mark(mark) { Ok(()) } else { Err(self.unexpected(&format!("`{mark}`"))) }
    }

    pub(super) fn unexpected(&self, wanted: &str) -> XPathError {
        match self.tokens.get(self.at) {
            Some((at, _)) => XPathError::new(format!("expected {wanted} at position {}", at + 1)),
            None => XPathError::new(format!("expected {wanted} at the end")),
        }
    }

    fn or(&mut self) -> Parsed {
        self.depth += 1;
        if self.depth > DEPTH_LIMIT {
            return Err(XPathError::new("the expression is nested too deep"));
        }
        let mut left = self.and()?;
        while self.eat(Token::Operator("or")) {
            left = Expression::Or(Box::new(left), Box::new(self.and()?));
        }
        self.depth -= 1;
        Ok(left)
    }

    fn and(&mut self) -> Parsed {
        let mut left = self.equality()?;
        while self.eat(Token::Operator("and")) {
            left = Expression::And(Box::new(left), Box::new(self.equality()?));
        }
        Ok(left)
    }

    fn equality(&mut self) -> Parsed {
        self.compared(&[("=", Comparison::Equal), ("!=", Comparison::NotEqual)], Self::relation)
    }

    fn relation(&mut self) -> Parsed {
        let operators = [
            ("<", Comparison::Less),
            ("<=", Comparison::LessOrEqual),
            (">", Comparison::Greater),
            (">=", Comparison::GreaterOrEqual),
        ];
        self.compared(&operators, Self::sum)
    }

    fn sum(&mut self) -> Parsed {
        self.calculated(&[("+", Operation::Add), ("-", Operation::Subtract)], Self::product)
    }

    fn product(&mut self) -> Parsed {
        let operators = [("*", Operation::Multiply), ("div", Operation::Divide), ("mod", Operation::Modulo)];
        self.calculated(&operators, Self::unary)
    }

    fn compared(
        &mut self,
        operators: &[(&'static str, Comparison)],
        operand: fn(&mut Self) -> Parsed,
    ) -> Parsed {
        let mut left = operand(self)?;
        while let Some((_, comparison)) = operators.iter().find(|(text, _)| self.eat(Token::Operator(text))) {
            left = Expression::Compare(*comparison, Box::new(left), Box::new(operand(self)?));
        }
        Ok(left)
    }

    fn calculated(
        &mut self,
        operators: &[(&'static str, Operation)],
        operand: fn(&mut Self) -> Parsed,
    ) -> Parsed {
        let mut left = operand(self)?;
        while let Some((_, operation)) = operators.iter().find(|(text, _)| self.eat(Token::Operator(text))) {
            left = Expression::Calculate(*operation, Box::new(left), Box::new(operand(self)?));
        }
        Ok(left)
    }

    fn unary(&mut self) -> Parsed {
        let mut signs = 0;
        while self.eat(Token::Operator("-")) {
            signs += 1;
        }
        let mut expression = self.union()?;
        // Two signs still turn a text into a number.
        for _ in 0..(if signs > 2 { 2 - signs % 2 } else { signs }) {
            expression = Expression::Negate(Box::new(expression));
        }
        Ok(expression)
    }

    fn union(&mut self) -> Parsed {
        let mut left = self.path()?;
        while self.eat(Token::Operator("|")) {
            let right = self.path()?;
            if left.kind() != Type::Nodes || right.kind() != Type::Nodes {
                return Err(XPathError::new("`|` joins node sets only"));
            }
            left = Expression::Union(Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    /// Whether a primary expression comes next, not a step.
    pub(super) fn starts_filter(&self) -> bool {
        match self.peek() {
            Some(Token::Text(_) | Token::Number(_) | Token::Mark("(")) => true,
            Some(Token::Name(name)) => self.after() == Some(Token::Mark("(")) && !is_node_type(name),
            Some(Token::Prefixed(..)) => self.after() == Some(Token::Mark("(")),
            _ => false,
        }
    }

    /// A primary expression with its predicates and the steps from it.
    pub(super) fn filter(&mut self) -> Parsed {
        let primary = self.primary()?;
        let predicates = self.predicates()?;
        let mut steps = Vec::new();
        self.steps(&mut steps)?;
        if predicates.is_empty() && steps.is_empty() {
            return Ok(primary);
        }
        if primary.kind() != Type::Nodes {
            return Err(XPathError::new("predicates and steps follow a node set only"));
        }
        Ok(Expression::Path(Path { start: Start::Nodes(Box::new(primary), predicates), steps }))
    }

    fn primary(&mut self) -> Parsed {
        match self.peek() {
            Some(Token::Text(text)) => {
                self.at += 1;
                Ok(Expression::Text(text.to_owned()))
            }
            Some(Token::Number(number)) => {
                self.at += 1;
                Ok(Expression::Number(number))
            }
            Some(Token::Name(name)) => self.call(name),
            Some(Token::Prefixed(prefix, name)) => {
                Err(XPathError::new(format!("unknown function `{prefix}:{name}`")))
            }
            _ => {
                self.expect("(")?;
                let inside = self.or()?;
                self.expect(")")?;
                Ok(inside)
            }
        }
    }

    fn call(&mut self, name: &str) -> Parsed {
        if name == "id" {
            return Err(XPathError::new("`id()` is not supported: documents are not validated"));
        }
        let known = Function::ALL.iter().find(|(known, ..)| *known == name);
        let Some(&(_, least, most, function)) = known else {
            return Err(XPathError::new(format!("unknown function `{name}()`")));
        };
        self.at += 1;
        self.expect("(")?;
        let mut arguments = Vec::new();
        if !self.mark(")") {
            loop {
                arguments.push(self.or()?);
                if self.mark(")") {
                    break;
                }
                self.expect(",")?;
            }
        }
        if arguments.len() < least || arguments.len() > most {
            return Err(XPathError::new(format!("`{name}()` does not take {} arguments", arguments.len())));
        }
        use Function::{Count, LocalName, Name, NamespaceUri, Sum};
        let wants_nodes = matches!(function, Count | Sum | LocalName | Name | NamespaceUri);
        if wants_nodes && arguments.iter().any(|argument| argument.kind() != Type::Nodes) {
            return Err(XPathError::new(format!("`{name}()` takes a node set")));
        }
        Ok(Expression::Call(function, arguments))
    }

    pub(super) fn predicates(&mut self) -> Parsed<Vec<Expression>> {
        let mut predicates = Vec::new();
        while self.mark("[") {
            predicates.push(self.or()?);
            self.expect("]")?;
        }
        Ok(predicates)
    }
}
