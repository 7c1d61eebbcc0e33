//! What every request handler is given.

use std::sync::Arc;

use refract_engine::Engine;

use crate::layers::rate_limit::RateLimits;
use crate::layers::request_id::RequestIds;
use crate::settings::HttpSettings;

/// What every request handler is given.
pub(crate) struct Api {
    pub(crate) engine: Arc<Engine>,
    pub(crate) settings: HttpSettings,
    pub(crate) request_ids: RequestIds,
    pub(crate) rate_limits: RateLimits,
}

/// The form in which it is handed around.
pub(crate) type SharedApi = Arc<Api>;

impl Api {
    pub(crate) fn new(engine: Arc<Engine>, settings: HttpSettings) -> SharedApi {
        let rate_limits = RateLimits::new(settings.rate_limit);
        Arc::new(Self { engine, settings, request_ids: RequestIds::new(), rate_limits })
    }
}
