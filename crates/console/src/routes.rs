//! Every path the console answers, who may ask for it, and which handler answers.
//!
//! The router of `server.rs`, the OpenAPI document and the test that nothing is open to strangers are made from this list.

use axum::http::{Method, StatusCode};

use crate::accounts::Role;
use crate::api::Endpoint;
use crate::app::App;
use crate::request::{Answer, Failure, Request};
use crate::{api, pages};

/// Who may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Everybody who reaches the listener.
    Public,
    /// Who is signed in and has this role.
    Role(Role),
}

/// A handler.
pub(crate) type Run = fn(&App, &Request) -> Result<Answer, Failure>;

/// One row.
pub(crate) struct Route {
    pub(crate) method: Method,
    /// As axum writes it: `/events/{id}`.
    pub(crate) path: &'static str,
    pub(crate) access: Access,
    pub(crate) run: Run,
    /// What the OpenAPI document says of it; pages have nothing.
    pub(crate) endpoint: Option<Endpoint>,
}

impl Route {
    pub(crate) fn get(path: &'static str, access: Access, run: Run) -> Self {
        Self { method: Method::GET, path, access, run, endpoint: None }
    }

    pub(crate) fn post(path: &'static str, access: Access, run: Run) -> Self {
        Self { method: Method::POST, path, access, run, endpoint: None }
    }

    pub(crate) fn documented(mut self, endpoint: Endpoint) -> Self {
        self.endpoint = Some(endpoint);
        self
    }

    /// What stands for paths that are not in the list: nobody learns without an account which there are.
    pub(crate) fn missing() -> Self {
        Self::get("", VIEW, |_, request| Err(Failure::missing(format!("`{}`", request.target))))
    }

    /// What stands for methods that a path does not have.
    pub(crate) fn other_method() -> Self {
        Self::get("", VIEW, |_, _| {
            Err(Failure::new(StatusCode::METHOD_NOT_ALLOWED, "This path does not take that method."))
        })
    }
}

/// Whoever is signed in.
pub(crate) const VIEW: Access = Access::Role(Role::View);
/// Who changes rules.
pub(crate) const TUNE: Access = Access::Role(Role::Tune);
/// Who decides.
pub(crate) const ADMIN: Access = Access::Role(Role::Admin);

/// See the module.
pub(crate) fn all() -> Vec<Route> {
    pages::routes().into_iter().chain(api::routes()).collect()
}

/// A path that the console answers, for tests that walk all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownPath {
    /// `GET` or `POST`.
    pub method: String,
    /// With its parameters in braces.
    pub path: &'static str,
    /// Whether it answers strangers.
    pub is_public: bool,
}

/// Every path there is.
pub fn paths() -> Vec<KnownPath> {
    let known = |route: Route| KnownPath {
        method: route.method.to_string(),
        path: route.path,
        is_public: route.access == Access::Public,
    };
    all().into_iter().map(known).collect()
}
