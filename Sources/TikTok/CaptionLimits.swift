/// Longest texts of a post, in UTF-16 code units, as TikTok counts ("runes").
///
/// Source: Direct Post and Photo Post references, copies of 2026-09-11. Old copies said 150 for the
/// video title.
package enum CaptionLimits {
    package static let videoTitleMax = 2200
    package static let photoTitleMax = 90
    package static let photoDescriptionMax = 4000

    /// The length of a text as TikTok counts it: an emoji is two or more.
    package static func length(_ text: String) -> Int { text.utf16.count }

    package static func fitsVideoTitle(_ text: String) -> Bool { length(text) <= videoTitleMax }

    package static func fitsPhotoTitle(_ text: String) -> Bool { length(text) <= photoTitleMax }

    package static func fitsPhotoDescription(_ text: String) -> Bool {
        length(text) <= photoDescriptionMax
    }
}
