package import EventLoop

/// Gathers what is asked for while an answer is under way, and asks for all of it at once: a burst
/// of jobs costs a few statements instead of one each.
package actor Batches<Request: Sendable, Answer: Sendable> {
    private let loop: EventLoop
    private let most: Int
    private let perform: @Sendable ([Request]) async -> [Answer]
    private var waiting: [(Request, Wait<Answer>)] = []
    private var isBusy = false

    package nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe loop.asUnownedSerialExecutor()
    }

    /// - Parameters:
    ///   - loop: the one of the clients.
    ///   - most: requests in one batch.
    ///   - perform: answers each request, in their order.
    package init(
        on loop: EventLoop,
        atMost most: Int,
        perform: @escaping @Sendable ([Request]) async -> [Answer]
    ) {
        self.loop = loop
        self.most = most
        self.perform = perform
    }

    package func ask(_ request: Request) async -> Answer {
        let answer = Wait<Answer>(on: loop)
        waiting.append((request, answer))
        if !isBusy {
            isBusy = true
            Task { await work() }
        }
        return await answer.result()
    }

    private func work() async {
        while !waiting.isEmpty {
            let batch = Array(waiting.prefix(most))
            waiting.removeFirst(batch.count)
            let answers = await perform(batch.map(\.0))
            precondition(answers.count == batch.count, "a batch must answer each request")
            for ((_, wait), answer) in zip(batch, answers) { wait.end(answer) }
        }
        isBusy = false
    }
}
