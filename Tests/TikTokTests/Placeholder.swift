enum TikTokTestsPlaceholder {}
