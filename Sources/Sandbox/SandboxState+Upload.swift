internal import HTTP

// MARK: Upload addresses

extension SandboxState {
    /// Checks the headers of a PUT, before any byte of its body.
    package mutating func beginChunk(
        _ request: SandboxRequest,
        at instant: Int64
    ) -> ChunkStep {
        let now = instant + advancedBy
        requestCounts[.upload, default: 0] += 1
        let post = post(of: request)
        let fault = takeFault(.upload, openID: post?.openID)
        var answer = fault?.answerBefore(.upload, logID: nextLogID())
        if answer == nil {
            switch check(request, post, at: now) {
            case .failure(let refusal): answer = refusal.answer
            case .success(let range):
                return .receive(open(request, range, fault, at: now))
            }
        }
        let refusal = addProgress(answer ?? .text("", status: 500), fault, post)
        note(
            request,
            refusal,
            at: now,
            caller: post?.openID,
            publishID: post?.publishID,
            fault: fault
        )
        return .answer(refusal)
    }

    /// Stores the chunk, all of whose bytes have arrived; or not, if they have not.
    package mutating func endChunk(
        _ reception: ChunkReception,
        at instant: Int64
    ) -> SandboxAnswer {
        let now = instant + advancedBy
        var answer = store(reception, at: now)
        reception.fault?.change(&answer)
        note(answer, to: reception, at: now)
        return answer
    }

    /// The client went away in mid-chunk: nothing of the chunk counts.
    package mutating func abandonChunk(_ reception: ChunkReception, at instant: Int64) {
        var answer = SandboxAnswer(status: 0, code: "broken_off_after_\(reception.received)_bytes")
        answer.delivery = .reset
        note(answer, to: reception, at: instant + advancedBy)
    }

    private mutating func note(
        _ answer: SandboxAnswer,
        to reception: ChunkReception,
        at now: Int64
    ) {
        note(
            reception.request,
            answer,
            at: now,
            beganAt: reception.beganAt,
            caller: reception.openID,
            publishID: reception.publishID,
            fault: reception.fault
        )
    }

    // MARK: Before the body

    /// An answer to a PUT that is not taken.
    private struct ChunkRefusal: Error {
        let answer: SandboxAnswer
    }

    private func post(of request: SandboxRequest) -> Post? {
        request.queryValue("upload_id").flatMap { publishIDOfUpload[$0] }.flatMap { posts[$0] }
    }

    private mutating func check(
        _ request: SandboxRequest,
        _ post: Post?,
        at now: Int64
    ) -> Result<ClosedRange<Int64>, ChunkRefusal> {
        guard request.method == "PUT" else {
            return refuse(405, "only PUT is supported here", violates: true, at: now)
        }
        if request.headers["Authorization"] != nil {
            noteViolation("upload: the access token was sent to an upload address", at: now)
        }
        guard let post, case .upload(let upload) = post.source,
            request.queryValue("upload_token") == upload.token
        else { return refuse(404, "no such upload task", at: now) }
        guard now < post.createdAt + options.uploadAddressSeconds * 1000 else {
            return refuse(403, "the upload address has expired", at: now)
        }
        return checkHeaders(request, upload, at: now)
    }

    private mutating func checkHeaders(
        _ request: SandboxRequest,
        _ upload: Upload,
        at now: Int64
    ) -> Result<ClosedRange<Int64>, ChunkRefusal> {
        let types = ["video/mp4", "video/quicktime", "video/webm"]
        guard let type = request.mediaType, types.contains(type) else {
            return refuse(400, "Content-Type is not that of a video", violates: true, at: now)
        }
        guard let length = request.contentLength else {
            return refuse(400, "Content-Length is required", violates: true, at: now)
        }
        guard let range = ContentRange(request.headers["Content-Range"]) else {
            return refuse(400, "Content-Range is missing or malformed", violates: true, at: now)
        }
        guard range.total == upload.plan.size else {
            return refuse(400, "Content-Range has another total", violates: true, at: now)
        }
        guard length == Int64(range.range.count) else {
            return refuse(400, "Content-Length is not that of the range", violates: true, at: now)
        }
        return checkOrder(range.range, upload, at: now)
    }

    private mutating func checkOrder(
        _ range: ClosedRange<Int64>,
        _ upload: Upload,
        at now: Int64
    ) -> Result<ClosedRange<Int64>, ChunkRefusal> {
        if upload.isComplete {
            noteViolation("upload: a chunk after the last one", at: now)
        }
        if range.upperBound < upload.received, options.acceptsReplayedChunks {
            return .failure(ChunkRefusal(answer: progress(upload, status: 206)))
        }
        guard range.lowerBound == upload.received, !upload.isComplete else {
            if range.lowerBound > upload.received {
                noteViolation("upload: a chunk out of order", at: now)
            }
            return .failure(ChunkRefusal(answer: progress(upload, status: 416)))
        }
        guard range.upperBound == upload.plan.lastByte(from: range.lowerBound) else {
            return refuse(400, "the range is not a chunk of the plan", violates: true, at: now)
        }
        return .success(range)
    }

    /// The newest attempt is the one that counts: an older connection may be that of a client
    /// which is gone, or was stopped and replaced.
    private mutating func open(
        _ request: SandboxRequest,
        _ range: ClosedRange<Int64>,
        _ fault: SandboxFault?,
        at now: Int64
    ) -> ChunkReception {
        guard let post = post(of: request), case .upload(var upload) = post.source else {
            preconditionFailure("a range was accepted for an upload that does not exist")
        }
        upload.attempt += 1
        posts[post.publishID]?.source = .upload(upload)
        return ChunkReception(
            request,
            post: post,
            upload: upload,
            range: range,
            fault: fault,
            beganAt: now
        )
    }

    // MARK: After the body

    private mutating func store(_ reception: ChunkReception, at now: Int64) -> SandboxAnswer {
        guard reception.received == reception.count else {
            return .text("the body is shorter than Content-Length", status: 400)
        }
        guard let post = posts[reception.publishID], case .upload(var upload) = post.source else {
            return .text("no such upload task", status: 404)
        }
        guard upload.attempt == reception.attempt else {
            return progress(upload, status: 416)
        }
        guard now < post.createdAt + options.uploadAddressSeconds * 1000 else {
            return .text("the upload address has expired", status: 403)
        }
        upload.received += reception.count
        if upload.isComplete { upload.sha256 = upload.digest.finish() }
        posts[post.publishID]?.source = .upload(upload)
        guard upload.isComplete else { return progress(upload, status: 206) }
        posts[post.publishID]?.completeAt = now
        if options.checksFileFormat, !upload.digest.looksLikeVideo, post.verdict == nil {
            posts[post.publishID]?.verdict = "file_format_check_failed"
        }
        if upload.sha256 == FileDigest.mixed {
            noteViolation("upload: a chunk was sent again with other bytes", at: now)
        }
        return progress(upload, status: 201)
    }

    // MARK: Answers

    /// `Content-Range: bytes 0-{UPLOADED_BYTES}/{TOTAL}`; whether the number is a count or the
    /// last index is not documented.
    private func progress(_ upload: Upload, status: Int) -> SandboxAnswer {
        SandboxAnswer(
            status: status,
            headers: ["Content-Range": progressText(upload.received, of: upload.plan.size)]
        )
    }

    private func progressText(_ received: Int64, of size: Int64) -> String {
        guard options.progressNamesLastByte else { return "bytes 0-\(received)/\(size)" }
        return received == 0 ? "bytes */\(size)" : "bytes 0-\(received - 1)/\(size)"
    }

    /// A fault may claim any progress, or the true one.
    private func addProgress(
        _ answer: SandboxAnswer,
        _ fault: SandboxFault?,
        _ post: Post?
    ) -> SandboxAnswer {
        guard case .progress(_, let claimed) = fault?.action, let post,
            case .upload(let upload) = post.source
        else { return answer }
        var answer = answer
        let received = claimed ?? upload.received
        answer.headers.add("Content-Range", progressText(received, of: upload.plan.size))
        return answer
    }

    private mutating func refuse(
        _ status: Int,
        _ words: String,
        violates: Bool = false,
        at now: Int64
    ) -> Result<ClosedRange<Int64>, ChunkRefusal> {
        if violates { noteViolation("upload: \(words)", at: now) }
        return .failure(ChunkRefusal(answer: .text(words, status: status)))
    }
}
