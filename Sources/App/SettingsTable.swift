internal import Publishing

/// What is known of one environment variable; `.env.example` says the same to people, and a test
/// compares the two.
struct Setting: Sendable {
    let name: String
    /// The value when the variable is not set; empty: there is none.
    let fallback: String
    let isSecret: Bool

    init(_ name: String, _ fallback: String = "", isSecret: Bool = false) {
        self.name = name
        self.fallback = fallback
        self.isSecret = isSecret
    }

    // Every variable of the program, spelt here and nowhere else.
    static let redisURL = Setting("REDIS_URL", "redis://127.0.0.1:6379/0", isSecret: true)
    static let redisKeyPrefix = Setting("REDIS_KEY_PREFIX", QueueKeys.usualPrefix)
    static let databaseURL = Setting("DATABASE_URL", isSecret: true)
    static let databaseSchema = Setting("DATABASE_SCHEMA", "public")
    static let queues = Setting("QUEUES", "tiktok")
    static let concurrency = Setting("CONCURRENCY", "256")
    static let workerName = Setting("WORKER_NAME")
    static let leaseSeconds = Setting("LEASE_SECONDS", "15")
    static let maxAttempts = Setting("MAX_ATTEMPTS", "8")
    static let retryBaseSeconds = Setting("RETRY_BASE_SECONDS", "5")
    static let retryMaxSeconds = Setting("RETRY_MAX_SECONDS", "1800")
    static let shutdownGraceSeconds = Setting("SHUTDOWN_GRACE_SECONDS", "25")
    static let clientKey = Setting("TIKTOK_CLIENT_KEY")
    static let clientSecret = Setting("TIKTOK_CLIENT_SECRET", isSecret: true)
    static let redirectURI = Setting("TIKTOK_REDIRECT_URI")
    static let apiURL = Setting("TIKTOK_API_URL", "https://open.tiktokapis.com")
    static let uploadHosts = Setting("TIKTOK_UPLOAD_HOSTS", "*.tiktokapis.com")
    static let cryptographyKey = Setting("CRYPTOGRAPHY_KEY", isSecret: true)
    static let mediaRoot = Setting("MEDIA_ROOT")
    static let mediaURLPrefix = Setting("MEDIA_URL_PREFIX")
    static let mediaHosts = Setting("MEDIA_HOSTS")
    static let chunkBytes = Setting("CHUNK_BYTES", "10000000")
    static let uploadMemoryBytes = Setting("UPLOAD_MEMORY_BYTES", "268435456")
    static let dailyPostLimit = Setting("DAILY_POST_LIMIT", "15")
    static let dailyDraftLimit = Setting("DAILY_DRAFT_LIMIT", "5")
    static let dailyAccountLimit = Setting("DAILY_ACCOUNT_LIMIT", "0")
    static let initPerMinute = Setting("INIT_PER_MINUTE", "6")
    static let creatorInfoPerMinute = Setting("CREATOR_INFO_PER_MINUTE", "20")
    static let statusPerMinute = Setting("STATUS_PER_MINUTE", "30")
    static let accountConcurrency = Setting("ACCOUNT_CONCURRENCY", "1")
    static let statusDeadlineSeconds = Setting("STATUS_DEADLINE_SECONDS", "86400")
    static let httpAddress = Setting("HTTP_ADDRESS", "127.0.0.1:9090")
    static let httpToken = Setting("HTTP_TOKEN", isSecret: true)
    static let webhookAddress = Setting("WEBHOOK_ADDRESS")
    static let celeryTasks = Setting("CELERY_TASKS", "publish_post_task")
    static let celeryResultURL = Setting("CELERY_RESULT_URL", isSecret: true)
    static let celeryResultExpires = Setting("CELERY_RESULT_EXPIRES_SECONDS", "86400")
    static let celeryEvents = Setting("CELERY_EVENTS", "on")
    static let celeryTrackStarted = Setting("CELERY_TRACK_STARTED", "off")
    static let celeryDefaultQueue = Setting("CELERY_DEFAULT_QUEUE", "celery")
    static let celeryRoutes = Setting("CELERY_ROUTES")
    static let logLevel = Setting("LOG_LEVEL", "info")
    static let logFormat = Setting("LOG_FORMAT", "json")
    static let traceEndpoint = Setting("OTEL_EXPORTER_OTLP_ENDPOINT")

    static let all = [
        redisURL, redisKeyPrefix, databaseURL, databaseSchema, queues, concurrency, workerName,
        leaseSeconds, maxAttempts, retryBaseSeconds, retryMaxSeconds, shutdownGraceSeconds,
        clientKey, clientSecret, redirectURI, apiURL, uploadHosts, cryptographyKey, mediaRoot,
        mediaURLPrefix, mediaHosts, chunkBytes, uploadMemoryBytes, dailyPostLimit, dailyDraftLimit,
        dailyAccountLimit, initPerMinute, creatorInfoPerMinute, statusPerMinute,
        accountConcurrency, statusDeadlineSeconds, httpAddress, httpToken, webhookAddress,
        celeryTasks, celeryResultURL, celeryResultExpires, celeryEvents, celeryTrackStarted,
        celeryDefaultQueue, celeryRoutes, logLevel, logFormat, traceEndpoint,
    ]
}
