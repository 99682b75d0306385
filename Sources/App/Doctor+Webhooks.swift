internal import HTTP
internal import Publishing

/// Whether TikTok's webhooks find somebody who listens.
extension Doctor {
    func webhooks() async -> Finding {
        guard let settings = assembly.settings.webhooks else {
            return finding(.fine, "off: TikTok is asked what became of posts")
        }
        // Without the app's key and secret the settings are refused as a whole.
        let address = "\(settings.urlHost):\(settings.port)"
        let server = HTTPServer(on: assembly.loop) { _ in HTTPServerResponse(status: 503) }
        do throws(HTTPServerError) {
            _ = try await server.listen(host: settings.host, port: settings.port)
            await server.stop()
            return finding(
                .fine,
                "\(address) is free for the next worker that starts; key and secret are set"
            )
        } catch {
            guard error.isAddressTaken else {
                return finding(
                    .wrong,
                    "\(address): \(error); is it an address of this machine, and may this user "
                        + "listen at that port? See \(Setting.webhookAddress.name)"
                )
            }
        }
        return await listener(at: address)
    }

    /// Who has the address: a worker answers a GET in a way of its own.
    private func listener(at address: String) async -> Finding {
        let client = HTTPClient(on: assembly.loop)
        var request = HTTPRequest("GET", "http://" + address + WebhookDoor.path)
        request.allowsPlainHTTP = true
        request.limits.total = .seconds(5)
        let answer: String
        do throws(HTTPError) {
            let response = try await client.send(request)
            if WebhookDoor.isOwn(response) {
                return finding(.fine, "a worker listens at \(address); key and secret are set")
            }
            answer = "answers HTTP \(response.status)"
        } catch {
            answer = "\(error)"
        }
        return finding(
            .wrong,
            "another program listens at \(address) (\(answer)), so no worker can; stop it, or "
                + "change \(Setting.webhookAddress.name)"
        )
    }

    private func finding(_ verdict: Finding.Verdict, _ words: String) -> Finding {
        Finding(subject: "webhooks", verdict: verdict, words: words)
    }
}

extension WebhookSettings {
    /// Where this machine itself finds the listener, as it stands in a URL.
    fileprivate var urlHost: String {
        switch host {
        case "0.0.0.0", "localhost": "127.0.0.1"
        case "::": "[::1]"
        default: host.contains(":") ? "[\(host)]" : host
        }
    }
}
