enum PublishingTestsPlaceholder {}
