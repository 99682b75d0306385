internal import CCurl

extension Transfer {
    /// Lets curl call this transfer, which must live as long as curl has the handle.
    func connectCallbacks() throws(HTTPError) {
        let context = Unmanaged.passUnretained(self).toOpaque()
        try easy.set(CURLOPT_PRIVATE, pointer: context)
        try connectBody(context)
        try connectResponse(context)
        try EasyHandle.check(
            curl_on_open_socket(
                easy.pointer,
                { context, _, address in
                    guard let transfer = Transfer.from(context), let address else {
                        return CURL_SOCKET_BAD
                    }
                    return transfer.openSocket(address.pointee, bytes: addressBytes(address))
                },
                context
            )
        )
        try EasyHandle.check(
            curl_on_connected(
                easy.pointer,
                { context, address, _, _, _ in
                    let address = address.map { String(cString: $0) } ?? ""
                    let mayBegin = Transfer.from(context)?.mayBegin(at: address) ?? false
                    return mayBegin ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT
                },
                context
            )
        )
    }

    static func from(_ context: UnsafeMutableRawPointer?) -> Transfer? {
        context.map { Unmanaged<Transfer>.fromOpaque($0).takeUnretainedValue() }
    }

    private func connectBody(_ context: UnsafeMutableRawPointer) throws(HTTPError) {
        try EasyHandle.check(
            curl_on_read(
                easy.pointer,
                { bytes, size, count, context in
                    let buffer = UnsafeMutableRawBufferPointer(start: bytes, count: size * count)
                    return Transfer.from(context)?.fill(buffer) ?? Int(CURL_READFUNC_ABORT)
                },
                context
            )
        )
        try EasyHandle.check(
            curl_on_seek(
                easy.pointer,
                { context, offset, origin in
                    guard origin == SEEK_SET else { return CURL_SEEKFUNC_FAIL }
                    return Transfer.from(context)?.seek(to: Int64(offset)) ?? CURL_SEEKFUNC_FAIL
                },
                context
            )
        )
        try EasyHandle.check(
            curl_on_progress(
                easy.pointer,
                { context, _, _, _, sent in
                    Transfer.from(context)?.reportProgress(Int64(sent))
                    return 0
                },
                context
            )
        )
    }

    /// Taking fewer bytes than offered makes curl stop.
    private func connectResponse(_ context: UnsafeMutableRawPointer) throws(HTTPError) {
        try EasyHandle.check(
            curl_on_header(
                easy.pointer,
                { bytes, size, count, context in
                    let line = UnsafeRawBufferPointer(start: bytes, count: size * count)
                    let isTaken = Transfer.from(context)?.addHeaderLine(line) ?? false
                    return isTaken ? line.count : 0
                },
                context
            )
        )
        try EasyHandle.check(
            curl_on_body(
                easy.pointer,
                { bytes, size, count, context in
                    let body = UnsafeRawBufferPointer(start: bytes, count: size * count)
                    let isTaken = Transfer.from(context)?.addBody(body) ?? false
                    // For an empty piece 0 would mean success.
                    return isTaken ? body.count : Int(CURL_WRITEFUNC_ERROR)
                },
                context
            )
        )
    }
}

private func addressBytes(_ address: UnsafeMutablePointer<curl_sockaddr>) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 16)
    let count = curl_address_bytes(address, &bytes)
    return Array(bytes.prefix(Int(count)))
}
