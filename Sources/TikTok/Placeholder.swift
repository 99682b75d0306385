enum TikTokPlaceholder {}
