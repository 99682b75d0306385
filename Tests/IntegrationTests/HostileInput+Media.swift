import Foundation
import Support

/// Files that were made to hurt, or that TikTok would not take.
extension HostileInput {
    /// A file, and why it is refused.
    struct File: Sendable {
        let name: String
        let bytes: [UInt8]
        /// How long the file is in all, the rest of it a hole.
        var size: UInt64?
        let code: String
        let says: String

        init(_ name: String, _ bytes: [UInt8], _ code: String, _ says: String, size: UInt64? = nil)
        {
            self.name = name
            self.bytes = bytes
            self.code = code
            self.says = says
            self.size = size
        }
    }

    static let videos = videoFiles.map { video("video \($0.name)", $0.name, $0.code, $0.says) }
    static let photos =
        photoFiles.map { photos("photo \($0.name)", ["FILES\($0.name)"], $0.code, $0.says) }

    static var files: [File] { videoFiles + photoFiles }

    private static func movie(_ change: (inout TestMovie) -> Void) -> [UInt8] {
        var movie = TestMovie()
        change(&movie)
        return movie.file()
    }

    /// The same movie, claiming four billion runs of frames in a table of one.
    private static func bomb(_ movie: [UInt8]) -> [UInt8] {
        guard let table = movie.firstRange(of: Array("stts".utf8)) else { return movie }
        let count = table.upperBound + 4..<table.upperBound + 8
        return movie.replacing(movie[count], with: [0xFF, 0xFF, 0xFF, 0xFF], maxReplacements: 1)
    }

    private static let png: [UInt8] = [137, 80, 78, 71, 13, 10, 26, 10, 0, 0, 0, 13]

    private static let videoFiles: [File] = {
        let good = TestMovie()
        let endless = (0..<2000).reduce([UInt8]()) { inner, _ in Box.make("trak", inner) }
        return [
            File("empty.mp4", [], "media_empty", "empty"),
            File("one-byte.mp4", [0], "media_type_unknown", "no MP4"),
            File("page.mp4", Array("<html>sign in</html>".utf8), "media_type_unknown", "no MP4"),
            File("picture.mp4", png, "media_type_unknown", "a PNG picture"),
            File("script.mp4", Array("#!/bin/sh\nid\n".utf8), "media_type_unknown", "no MP4"),
            File("cut.mp4", good.file().dropLast(7), "media_incomplete", "7 bytes before"),
            File("no-content.mp4", good.fileType + good.index, "media_incomplete", "no content"),
            File("no-index.mp4", good.fileType + Box.make("mdat", [1]), "media_damaged", "moov"),
            File("slow.mp4", movie { $0.runs = [(10, 2000)] }, "media_frame_rate", "15 frames"),
            File("fast.mp4", movie { $0.runs = [(900, 250)] }, "media_frame_rate", "120 frames"),
            File("tiny.mp4", movie { $0.width = 359 }, "media_picture_size", "359 × 1280"),
            File("wide.mp4", movie { $0.width = 4097 }, "media_picture_size", "4097 × 1280"),
            File("codec.mp4", movie { $0.codec = "av01" }, "media_codec", "AV1"),
            File("sound.mp4", movie { $0.handler = "soun" }, "media_no_pictures", "no video track"),
            File(
                "huge-box.mp4",
                good.fileType + Box.head("moov", bytes: .max),
                "media_incomplete",
                "cut off"
            ),
            File(
                "small-box.mp4",
                good.fileType + [0, 0, 0, 7] + Array("moov".utf8) + good.index,
                "media_damaged",
                "damaged"
            ),
            File("bomb.mp4", bomb(good.file()), "media_damaged", "damaged"),
            File(
                "nested.mp4",
                good.fileType + Box.make("moov", endless),
                "media_incomplete",
                "no content"
            ),
            File(
                "too-large.mp4",
                good.fileType,
                "media_too_large",
                "4294967297",
                size: 4_294_967_297
            ),
            File("ebml.webm", [0x1A, 0x45, 0xDF, 0xA3, 0xFF], "media_damaged", "damaged"),
        ]
    }()

    private static func webP(_ body: [UInt8], length: UInt8) -> [UInt8] {
        Array("RIFF".utf8) + [length, 0, 0, 0] + Array("WEBPVP8X".utf8) + [10, 0, 0, 0] + body
    }

    private static let photoFiles: [File] = {
        let frame: [UInt8] = [
            0xFF, 0xD8, 0xFF, 0xC0, 0, 17, 8, 0x07, 0xD0, 0x07, 0xD0, 3, 1, 0x22, 0, 2, 0x11, 1, 3,
            0x11, 1,
        ]
        return [
            File("a.png", png, "media_type_unknown", "a PNG picture"),
            File("b.gif", Array("GIF89a".utf8) + [1, 0], "media_type_unknown", "a GIF picture"),
            File("c.jpg", Array("<svg onload='x'/>".utf8), "media_type_unknown", "no JPEG or WebP"),
            File("d.jpg", TestMovie().file(), "media_type_unknown", "an MP4 video"),
            File("cut.jpg", Array(frame.prefix(9)), "media_incomplete", "cut off"),
            File("no-frame.jpg", [0xFF, 0xD8, 0xFF, 0xD9], "media_damaged", "SOF"),
            File("large-side.jpg", frame, "media_picture_size", "2000 × 2000"),
            File("large.jpg", frame, "media_too_large", "20971521 bytes", size: 20_971_521),
            File(
                "animated.webp",
                webP([2, 0, 0, 0, 9, 0, 0, 9, 0, 0], length: 22),
                "media_animated",
                "animated"
            ),
            File("cut.webp", webP([0, 0, 0, 0, 9, 0], length: 255), "media_incomplete", "cut off"),
        ]
    }()
}
