//! What every request handler is given.

use std::sync::Arc;

use refract_engine::Engine;

use crate::layers::rate_limit::RateLimits;
use crate::layers::refused_keys::RefusedKeys;
use crate::layers::request_id::RequestIds;
use crate::settings::HttpSettings;

/// What every request handler is given.
pub(crate) struct Api {
    pub(crate) engine: Arc<Engine>,
    pub(crate) settings: HttpSettings,
    pub(crate) request_ids: RequestIds,
    pub(crate) rate_limits: RateLimits,
    pub(crate) refused_keys: RefusedKeys,
}

/// The form in which it is handed around.
pub(crate) type SharedApi = Arc<Api>;

impl Api {
    pub(crate) fn new(engine: Arc<Engine>, settings: HttpSettings) -> SharedApi {
        let rate_limits = RateLimits::new(settings.rate_limit);
        let refused_keys = RefusedKeys::new(settings.refused_keys_per_minute_max);
        Arc::new(Self { engine, settings, request_ids: RequestIds::new(), rate_limits, refused_keys })
    }
}
