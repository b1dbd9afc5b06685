import AliyunOSSiOS
import Foundation

/// What the broker answers.
struct BrokerAnswer: Decodable {
    struct Grant: Decodable {
        struct Target: Decodable {
            let Target: String
            let Region: String
            let Endpoint: String
        }
        let Targets: [Target]
    }
    let AccessKeyId: String
    let AccessKeySecret: String
    let SecurityToken: String
    let Expiration: String
    let Grant: Grant
}

/// A refusal. `code` is stable; quote `requestId` to the operator.
struct BrokerRefusal: Decodable, Error {
    let code: String
    let requestId: String
}

struct Broker {
    let url: URL
    let grant: String
    let getSubjectToken: () throws -> String

    /// Asks the broker, and waits. Never call it on the main thread.
    func ask() throws -> BrokerAnswer {
        var address = URLComponents(url: url.appendingPathComponent("v1/credentials"), resolvingAgainstBaseURL: false)!
        address.queryItems = [URLQueryItem(name: "Grant", value: grant)]
        var request = URLRequest(url: address.url!, timeoutInterval: 10)
        request.setValue("Bearer \(try getSubjectToken())", forHTTPHeaderField: "Authorization")

        var result: Result<(Data, URLResponse), Error> = .failure(URLError(.unknown))
        let done = DispatchSemaphore(value: 0)
        URLSession.shared.dataTask(with: request) { data, response, error in
            if let data, let response { result = .success((data, response)) } else if let error { result = .failure(error) }
            done.signal()
        }.resume()
        done.wait()

        let (data, response) = try result.get()
        guard (response as? HTTPURLResponse)?.statusCode == 200 else {
            throw try JSONDecoder().decode(BrokerRefusal.self, from: data)
        }
        return try JSONDecoder().decode(BrokerAnswer.self, from: data)
    }

    /// The SDK asks it for a credential, and again in the last minutes of one, on a thread of its own.
    var credentialProvider: OSSFederationCredentialProvider {
        OSSFederationCredentialProvider {
            guard let answer = try? ask() else { return nil }
            let token = OSSFederationToken()
            token.tAccessKey = answer.AccessKeyId
            token.tSecretKey = answer.AccessKeySecret
            token.tToken = answer.SecurityToken
            token.expirationTimeInGMTFormat = answer.Expiration
            return token
        }
    }
}
