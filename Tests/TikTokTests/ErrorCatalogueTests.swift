import Testing
import TikTok

struct ErrorCatalogueTests {
    @Test(arguments: DocumentedCode.all)
    func `every documented code has its own entry, with class, owner, message and action`(
        row: DocumentedCode
    ) {
        // The status is one that would make an unknown code another class.
        let status = row.treatment == .retry ? 400 : 500
        let entry = ErrorCatalogue.entry(for: TikTokErrorCode(row.code), httpStatus: status)

        #expect(entry.codeText == (row.code == "invalid_params" ? "invalid_param" : row.code))
        #expect(entry.treatment == row.treatment)
        #expect(entry.owner == row.owner)
        #expect(entry.message.count >= 20 && entry.action.count >= 10)
        // People read both; a code tells them nothing.
        #expect(!entry.message.contains("_") && !entry.action.contains("_check_"))
    }

    @Test func `the table lists every reason and code once, and nothing that is not catalogued`() {
        let codes = DocumentedCode.all.map(\.code)
        let known = TikTokErrorCode.Known.allCases.map(\.rawValue)

        #expect(codes.count == Set(codes).count)
        #expect(Set(codes).subtracting(["invalid_params"]).union(DocumentedCode.ours) == Set(known))
        #expect(DocumentedCode.all.allSatisfy { !$0.pages.isEmpty })
        #expect(Set(DocumentedCode.all.flatMap(\.pages)) == Set(DocumentedCode.Page.allCases))
        #expect(DocumentedCode.all.count { $0.pages.contains(.failReason) } == 13)
    }

    @Test func `no entry is missing, double or empty`() {
        let entries = ErrorCatalogue.entries

        #expect(entries.map(\.code).count == Set(entries.map(\.code)).count)
        #expect(Set(entries.map(\.code)) == Set(TikTokErrorCode.Known.allCases))
        for entry in entries {
            #expect(entry.message.hasSuffix("."), "\(entry.codeText)")
            #expect(entry.action.hasSuffix("."), "\(entry.codeText)")
        }
    }

    @Test(arguments: [
        (200, ErrorTreatment.permanent), (400, .permanent), (403, .permanent), (302, .retry),
        (500, .retry), (503, .retry),
    ])
    func `an unknown code is judged by its status`(status: Int, treatment: ErrorTreatment) {
        let entry = ErrorCatalogue.entry(for: TikTokErrorCode("brand_new"), httpStatus: status)

        #expect(entry.treatment == treatment)
        #expect(entry.codeText == "brand_new")
        #expect(entry.message.contains("brand_new"))
    }

    @Test func `an unknown reason of failure is permanent`() {
        let entry = ErrorCatalogue.entry(for: TikTokErrorCode("new_check_failed"), httpStatus: nil)

        #expect(entry.treatment == .permanent)
    }

    @Test func `a code nobody knows is made fit for labels`() {
        #expect(TikTokErrorCode("Evil\n\"code\"{}").text == "evil__code___")
        #expect(TikTokErrorCode(String(repeating: "a", count: 500)).text.count == 64)
        #expect(TikTokErrorCode("").text == "empty")
    }
}
