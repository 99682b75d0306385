// swift-tools-version: 6.3

import PackageDescription

/// Switches of every target: all upcoming features of Swift 6.3, and no warnings.
let house: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InferIsolatedConformances"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("ImmutableWeakCaptures"),
    .treatAllWarnings(as: .error),
]

/// Switches of the targets that never touch a pointer: there, an unsafe expression is an error.
let pointerFree = house + [.strictMemorySafety()]

/// How bytes move; the only targets that may import C.
func client(_ name: String, uses: [Target.Dependency]) -> Target {
    .target(
        name: name,
        dependencies: uses,
        path: "Sources/Clients/\(name)",
        swiftSettings: house
    )
}

/// What the operating system provides: a module map and a header.
func library(_ name: String, package: String?, apt: String) -> Target {
    .systemLibrary(
        name: name,
        path: "Sources/CLibraries/\(name)",
        pkgConfig: package,
        providers: [.apt([apt])]
    )
}

func tests(_ name: String, of targets: [Target.Dependency], resources: [Resource] = []) -> Target {
    .testTarget(
        name: name,
        dependencies: targets + ["Support"],
        path: "Tests/\(name)",
        resources: resources,
        swiftSettings: house
    )
}

let clients: [Target.Dependency] = [
    "EventLoop", "Redis", "Postgres", "HTTP", "Crypto", "Files", "Processes", "JSON",
]

let package = Package(
    name: "TikTokPublisher",
    products: [
        .executable(name: "tiktok-publisher", targets: ["App"]),
        .executable(name: "tiktok-sandbox", targets: ["SandboxTool"]),
    ],
    targets: [
        // CLibraries. hiredis has no pkgConfig here: its .pc file carries a flag SwiftPM forbids.
        library("CHiredis", package: nil, apt: "libhiredis-dev"),
        library("CPostgres", package: "libpq", apt: "libpq-dev"),
        library("CCurl", package: "libcurl", apt: "libcurl4-openssl-dev"),
        library("CCrypto", package: "libcrypto", apt: "libpq-dev"),
        library("CLinux", package: nil, apt: "libc6-dev"),

        // Clients.
        client("EventLoop", uses: ["CLinux"]),
        client("JSON", uses: []),
        client("Crypto", uses: ["CCrypto"]),
        client("Files", uses: ["CLinux"]),
        client("Processes", uses: ["CLinux"]),
        client("Redis", uses: ["EventLoop", "CHiredis", "CLinux"]),
        client("Postgres", uses: ["EventLoop", "CPostgres"]),
        client("HTTP", uses: ["EventLoop", "CCurl", "CLinux"]),

        // The program.
        .target(
            name: "TikTok",
            dependencies: ["HTTP", "JSON"],
            swiftSettings: pointerFree
        ),
        .target(
            name: "Telemetry",
            dependencies: ["EventLoop", "Crypto", "JSON"],
            swiftSettings: pointerFree
        ),
        .target(
            name: "Publishing",
            dependencies: ["TikTok", "Telemetry"] + clients,
            resources: [
                .embedInCode("Queue/Scripts"),
                .embedInCode("Admission/Scripts"),
                .embedInCode("Celery/Scripts"),
                .embedInCode("History/Migrations"),
            ],
            swiftSettings: pointerFree
        ),
        .executableTarget(
            name: "App",
            dependencies: ["Publishing", "TikTok", "Telemetry", "Sandbox", "PrivateServers"]
                + clients,
            swiftSettings: pointerFree
        ),

        // The stand-in for TikTok, and throw-away servers for the demo and the tests.
        .target(
            name: "Sandbox",
            dependencies: ["HTTP", "EventLoop", "Crypto", "JSON"],
            swiftSettings: pointerFree
        ),
        .executableTarget(
            name: "SandboxTool",
            dependencies: ["Sandbox", "EventLoop", "HTTP", "Processes"],
            swiftSettings: pointerFree
        ),
        .target(
            name: "PrivateServers",
            dependencies: ["EventLoop", "Files", "HTTP", "Processes"],
            swiftSettings: pointerFree
        ),

        // Tests.
        .target(
            name: "Support",
            dependencies: ["PrivateServers", "Sandbox", "Publishing"] + clients,
            path: "Tests/Support",
            resources: [.copy("Python")],
            swiftSettings: house
        ),
        tests("ClientTests", of: clients),
        tests("TikTokTests", of: ["TikTok", "HTTP", "JSON"]),
        tests(
            "PublishingTests",
            of: ["Publishing", "TikTok", "Telemetry"] + clients,
            resources: [.copy("Samples")]
        ),
        tests(
            "AppTests",
            of: ["App", "Publishing", "TikTok", "Telemetry", "Sandbox", "PrivateServers"] + clients
        ),
        tests("SandboxTests", of: ["Sandbox", "HTTP", "EventLoop", "Crypto", "JSON"]),
        tests(
            "IntegrationTests",
            of: [
                "App", "SandboxTool", "Publishing", "Sandbox", "PrivateServers", "TikTok",
                "Telemetry",
            ] + clients
        ),
        tests("TidyTests", of: []),
        .executableTarget(
            name: "Bench",
            dependencies: ["Support", "PrivateServers", "Sandbox", "Publishing"] + clients,
            path: "Tests/Bench",
            swiftSettings: house
        ),
    ],
    swiftLanguageModes: [.v6]
)
