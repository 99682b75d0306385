import JSON
import Publishing
import Sandbox
import Support
import Testing

/// Every call of a post whose media TikTok fetches itself, spoilt in every way: the post is out
/// once, or in doubt where its init was spoilt.
@Suite(.timeLimit(.minutes(10)))
struct PulledJourneyTests {
    private struct Mishap {
        let name: String
        let kind: PulledKind
        let call: SandboxEndpoint
        let way: JourneyWay
        let action: SandboxFault.Action
    }

    private static let mishaps: [Mishap] = [PulledKind.photo, .photoDraft, .pull, .pullDraft]
        .flatMap { kind in
            let calls = (kind.isDraft ? [] : [.creatorInfo]) + [kind.endpoint, .status]
            return calls.flatMap { call in
                (JourneyWay.ofCalls + JourneyWay.ofAnswers).compactMap { way in
                    way.action(call).map {
                        Mishap(
                            name: "\(kind)-\(call.rawValue)-\(way.name)",
                            kind: kind,
                            call: call,
                            way: way,
                            action: $0
                        )
                    }
                }
            }
        }

    @Test func `a spoilt call posts nothing twice and repeats no init that may have posted`()
        async throws
    {
        try await TestBed.runPulled { bed in
            let worker = try bed.startWorker()
            for mishap in Self.mishaps {
                try await bed.connect(mishap.name)
                bed.sandbox.fault(mishap.call, mishap.action, openID: "-000-\(mishap.name)")
                try await bed.push(bed.pulled(mishap.kind, mishap.name, account: mishap.name))
            }

            for mishap in Self.mishaps {
                let row = try await bed.endOrMinute(of: mishap.name, worker)
                let out = bed.posts(of: mishap.name).filter(\.isDelivered).count
                let inits = bed.calls(of: mishap.name, to: mishap.kind.endpoint)
                if mishap.call == mishap.kind.endpoint, mishap.way.name != "429" {
                    #expect(row.status == .inDoubt && out <= 1, "\(mishap.name)")
                    #expect(inits == 1, "\(mishap.name)")
                } else {
                    #expect(row.status == mishap.kind.end && out == 1, "\(row.json.encodedText)")
                    #expect(
                        inits == (mishap.call == mishap.kind.endpoint ? 2 : 1),
                        "\(mishap.name)"
                    )
                }
                let ends = try await bed.events(of: mishap.name).compactMap(Status.init)
                #expect(ends.filter(\.isFinal) == [row.status], "\(mishap.name)")
            }
            bed.expectNoViolation()
            // Nothing went well for want of trying.
            let spoilt = Set(bed.sandbox.journal().filter { $0.fault != nil }.compactMap(\.openID))
            #expect(spoilt == Set(Self.mishaps.map { "-000-\($0.name)" }))
            try await bed.expectDrains(worker)
        }
    }
}

extension TestBed {
    /// The end of a job; nobody waits for a minute to pass.
    fileprivate func endOrMinute(
        of job: String,
        _ worker: RunningProgram
    ) async throws -> HistoryRow {
        let row = try await row(job, "ends or waits", worker: worker) {
            $0.status.isFinal || $0.waitingFor == "rate_limit"
        }
        guard row.waitingFor == "rate_limit" else { return row }
        try await letTheMinutePass(for: job)
        return try await end(of: job, worker: worker)
    }
}
