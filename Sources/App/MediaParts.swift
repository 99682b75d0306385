internal import HTTP
internal import Publishing

extension Assembly {
    /// What opens media and looks at them.
    struct MediaParts: Sendable {
        let media: Media
        let pulled: PulledMedia
        let memory: UploadMemory
        private let http: HTTPClient

        fileprivate init(_ settings: Settings, _ http: HTTPClient, _ patience: Duration?) {
            self.http = http
            let client = GuardedClient(http, resolver: NameResolver())
            memory = UploadMemory(ceiling: settings.uploadMemoryBytes, patience: patience)
            media = Media(
                root: settings.mediaRoot,
                remote: client,
                allowed: settings.mediaHosts
            )
            pulled = PulledMedia(
                client,
                allowed: settings.mediaHosts,
                prefix: settings.mediaURLPrefix,
                memory: memory
            )
        }

        func close() async { await http.close() }
    }

    /// With a client of their own: slow hosts of media take no connection from calls to TikTok.
    ///
    /// - Parameter patience: how long room is waited for; `nil`: as long as a worker waits.
    func makeMedia(patience: Duration? = nil) -> MediaParts {
        MediaParts(settings, HTTPClient(on: loop), patience)
    }
}
