/// Pure: one upstream list and how often it is asked first.
package struct QueueChoice: Sendable, Equatable {
    package let name: String
    /// `nil`: strict order, the first list is served first.
    package let weight: Int?

    package init(name: String, weight: Int?) {
        self.name = name
        self.weight = weight
    }

    /// The order in which the lists are asked in one round.
    ///
    /// Strict lists keep their order. With weights, each list leads as many of the rounds as its
    /// share of the weights, and the others follow in order, so that none is ever left out.
    package static func order(_ choices: [QueueChoice], round: Int) -> [String] {
        let names = choices.map(\.name)
        let weights = choices.map { $0.weight ?? 0 }
        let total = weights.reduce(0, +)
        guard total > 0 else { return names }
        var place = round % total
        let leader = weights.firstIndex { weight in
            defer { place -= weight }
            return place < weight
        }
        guard let leader else { return names }
        return [names[leader]] + names.indices.filter { $0 != leader }.map { names[$0] }
    }
}
