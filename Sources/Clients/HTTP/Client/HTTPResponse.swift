/// The final answer of a server, whatever its status: also a redirect is just an answer.
package struct HTTPResponse: Sendable {
    /// From 200 to 999; 1xx answers are passed over.
    package let status: Int
    package let headers: HTTPHeaders
    package let body: [UInt8]
    /// Bytes of the request's body that were handed to the kernel.
    ///
    /// Less than all of them if the server answered before it had read the request.
    package let bytesSent: Int64
    /// `1.0`, `1.1` or `2`.
    package let httpVersion: String
}
