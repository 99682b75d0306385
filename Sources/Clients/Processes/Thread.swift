internal import CLinux
internal import Glibc

/// Runs `body` on a thread of its own, for calls that block; `ps -L` shows 15 bytes of `name`.
func startThread(name: String, _ body: @escaping @Sendable () -> Void) {
    let context = Unmanaged.passRetained(ThreadBody(name: name, run: body)).toOpaque()
    var thread = pthread_t()
    let failure = pthread_create(
        &thread,
        nil,
        { context in
            guard let context else { return nil }
            let body = Unmanaged<ThreadBody>.fromOpaque(context).takeRetainedValue()
            linux_set_thread_name(body.name)
            body.run()
            return nil
        },
        context
    )
    precondition(failure == 0, "the system refused a thread, error \(failure)")
    pthread_detach(thread)
}

private final class ThreadBody: Sendable {
    let name: String
    let run: @Sendable () -> Void

    init(name: String, run: @escaping @Sendable () -> Void) {
        self.name = name
        self.run = run
    }
}
