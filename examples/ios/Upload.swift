import AliyunOSSiOS
import Foundation

/// Uploads a file in parts. `onProgress` gets a share from 0 to 1. Never call it on the main thread.
func upload(_ file: URL, broker: Broker, onProgress: @escaping (Double) -> Void) throws -> String {
    let target = try broker.ask().Grant.Targets[0]
    let place = target.Target.dropFirst("oss://".count).split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    let configuration = OSSClientConfiguration()
    configuration.signVersion = .V4
    let client = OSSClient(endpoint: target.Endpoint, credentialProvider: broker.credentialProvider, clientConfiguration: configuration)
    client.region = target.Region

    let request = OSSMultipartUploadRequest()
    request.bucketName = String(place[0])
    request.objectKey = place[1] + file.lastPathComponent
    request.uploadingFileURL = file
    request.partSize = 1 << 20
    request.uploadProgress = { _, sent, total in onProgress(Double(sent) / Double(total)) }
    let task = client.multipartUpload(request)
    task.waitUntilFinished()
    if let error = task.error { throw error }
    return request.objectKey
}
