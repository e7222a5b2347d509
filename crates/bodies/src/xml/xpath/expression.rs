//! What an XPath expression is made of, after parsing.
//!
//! `//a[1]` → a path from the root of two steps. Every expression has one type, known without a document.

/// The type of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    Nodes,
    Boolean,
    Number,
    Text,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Expression {
    Or(Box<Expression>, Box<Expression>),
    And(Box<Expression>, Box<Expression>),
    Compare(Comparison, Box<Expression>, Box<Expression>),
    Calculate(Operation, Box<Expression>, Box<Expression>),
    Negate(Box<Expression>),
    Union(Box<Expression>, Box<Expression>),
    Path(Path),
    Text(String),
    Number(f64),
    Call(Function, Vec<Expression>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
}

/// Steps from somewhere.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Path {
    pub(super) start: Start,
    pub(super) steps: Vec<Step>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Start {
    Root,
    Context,
    /// The nodes of an expression, kept where all predicates hold.
    Nodes(Box<Expression>, Vec<Expression>),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Step {
    pub(super) axis: Axis,
    pub(super) test: NodeTest,
    pub(super) predicates: Vec<Expression>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Axis {
    Ancestor,
    AncestorOrSelf,
    Attribute,
    Child,
    Descendant,
    DescendantOrSelf,
    Following,
    FollowingSibling,
    Parent,
    Preceding,
    PrecedingSibling,
    Itself,
    /// The attributes of the context and of all elements below it: `//@…` in one step.
    DescendantAttribute,
}

impl Axis {
    pub(super) const NAMES: [(&'static str, Axis); 12] = [
        ("ancestor", Axis::Ancestor),
        ("ancestor-or-self", Axis::AncestorOrSelf),
        ("attribute", Axis::Attribute),
        ("child", Axis::Child),
        ("descendant", Axis::Descendant),
        ("descendant-or-self", Axis::DescendantOrSelf),
        ("following", Axis::Following),
        ("following-sibling", Axis::FollowingSibling),
        ("parent", Axis::Parent),
        ("preceding", Axis::Preceding),
        ("preceding-sibling", Axis::PrecedingSibling),
        ("self", Axis::Itself),
    ];

    /// Whether positions count backwards.
    pub(super) fn is_reverse(self) -> bool {
        matches!(self, Axis::Ancestor | Axis::AncestorOrSelf | Axis::Preceding | Axis::PrecedingSibling)
    }

    /// Whether names and `*` mean attributes.
    pub(super) fn is_attribute(self) -> bool {
        matches!(self, Axis::Attribute | Axis::DescendantAttribute)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NodeTest {
    /// `*`: any element, or any attribute on their axis.
    Any,
    /// `p:*`, by URI.
    Namespace(String),
    /// A name; the URI is empty without a prefix.
    Name(String, String),
    Node,
    Text,
    Comment,
    /// `processing-instruction()`, with the target that it may ask for.
    Instruction(Option<String>),
}

macro_rules! functions {
    ($($variant:ident $name:literal $least:literal $most:literal $result:ident;)*) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum Function { $($variant),* }

        impl Function {
            /// Name, least and most arguments.
            pub(super) const ALL: &'static [(&'static str, usize, usize, Function)] =
                &[$(($name, $least, $most, Function::$variant)),*];

            pub(super) fn result(self) -> Type {
                match self { $(Function::$variant => Type::$result),* }
            }
        }
    };
}

functions! {
    Last "last" 0 0 Number;
    Position "position" 0 0 Number;
    Count "count" 1 1 Number;
    LocalName "local-name" 0 1 Text;
    NamespaceUri "namespace-uri" 0 1 Text;
    Name "name" 0 1 Text;
    StringOf "string" 0 1 Text;
    Concat "concat" 2 64 Text;
    StartsWith "starts-with" 2 2 Boolean;
    Contains "contains" 2 2 Boolean;
    SubstringBefore "substring-before" 2 2 Text;
    SubstringAfter "substring-after" 2 2 Text;
    Substring "substring" 2 3 Text;
    StringLength "string-length" 0 1 Number;
    NormalizeSpace "normalize-space" 0 1 Text;
    Translate "translate" 3 3 Text;
    BooleanOf "boolean" 1 1 Boolean;
    Not "not" 1 1 Boolean;
    True "true" 0 0 Boolean;
    False "false" 0 0 Boolean;
    Lang "lang" 1 1 Boolean;
    NumberOf "number" 0 1 Number;
    Sum "sum" 1 1 Number;
    Floor "floor" 1 1 Number;
    Ceiling "ceiling" 1 1 Number;
    Round "round" 1 1 Number;
}

impl Expression {
    pub(super) fn kind(&self) -> Type {
        match self {
            Expression::Or(..) | Expression::And(..) | Expression::Compare(..) => Type::Boolean,
            Expression::Calculate(..) | Expression::Negate(_) | Expression::Number(_) => Type::Number,
            Expression::Union(..) | Expression::Path(_) => Type::Nodes,
            Expression::Text(_) => Type::Text,
            Expression::Call(function, _) => function.result(),
        }
    }

    /// Whether, as a predicate, it looks at the position of the node it is asked about.
    pub(super) fn is_positional(&self) -> bool {
        self.kind() == Type::Number || self.asks_position()
    }

    /// Whether `position()` or `last()` occur outside the predicates of paths inside.
    fn asks_position(&self) -> bool {
        match self {
            Expression::Or(a, b)
            | Expression::And(a, b)
            | Expression::Compare(_, a, b)
            | Expression::Calculate(_, a, b)
            | Expression::Union(a, b) => a.asks_position() || b.asks_position(),
            Expression::Negate(a) => a.asks_position(),
            Expression::Path(path) => match &path.start {
                Start::Nodes(start, _) => start.asks_position(),
                Start::Root | Start::Context => false,
            },
            Expression::Text(_) | Expression::Number(_) => false,
            Expression::Call(Function::Position | Function::Last, _) => true,
            Expression::Call(_, arguments) => arguments.iter().any(Expression::asks_position),
        }
    }
}
