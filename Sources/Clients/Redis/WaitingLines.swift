internal import EventLoop

/// First in, first out, in constant time.
struct FirstInFirstOut<Element> {
    private var elements: [Element?] = []
    private var start = 0

    var first: Element? { start < elements.count ? elements[start] : nil }

    var isEmpty: Bool { start == elements.count }

    mutating func append(_ element: Element) {
        elements.append(element)
    }

    mutating func removeFirst() {
        elements[start] = nil
        start += 1
        guard start == elements.count || start > 1024, start * 2 >= elements.count else { return }
        elements.removeFirst(start)
        start = 0
    }

    mutating func takeAll() -> [Element] {
        defer { self = Self() }
        return elements[start...].compactMap(\.self)
    }
}

/// Exchanges that wait for a connection, in the order in which they came.
struct UnsentExchanges {
    private var exchanges: [Exchange] = []
    private var endedCount = 0
    private(set) var commandCount = 0
    private(set) var byteCount = 0

    mutating func append(_ exchange: Exchange) {
        exchanges.append(exchange)
        commandCount += exchange.commandCount
        byteCount += exchange.byteCount
    }

    /// Forgets one that has ended without being sent.
    ///
    /// Many may end at once, so they are swept together, and at most as many are held as wait.
    mutating func forget(_ exchange: Exchange) {
        commandCount -= exchange.commandCount
        byteCount -= exchange.byteCount
        endedCount += 1
        guard endedCount > 64, endedCount * 2 > exchanges.count else { return }
        exchanges.removeAll { $0.wait.isOver }
        endedCount = 0
    }

    mutating func takeAll() -> [Exchange] {
        defer { self = Self() }
        return exchanges.filter { !$0.wait.isOver }
    }
}
