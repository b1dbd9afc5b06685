import android.content.Context
import com.alibaba.sdk.android.oss.ClientConfiguration
import com.alibaba.sdk.android.oss.OSSClient
import com.alibaba.sdk.android.oss.model.MultipartUploadRequest
import com.alibaba.sdk.android.oss.signer.SignVersion
import java.io.File

/** Uploads a file in parts, outside the main thread, and returns its key. `onProgress` gets bytes. */
fun upload(
    context: Context,
    credentials: BrokerCredentialProvider,
    file: File,
    onProgress: (sent: Long, total: Long) -> Unit,
): String {
    val target = credentials.ask().getJSONObject("Grant").getJSONArray("Targets").getJSONObject(0)
    val (bucket, prefix) = target.getString("Target").removePrefix("oss://").split("/", limit = 2)
    val configuration = ClientConfiguration().apply { signVersion = SignVersion.V4 }
    val client = OSSClient(context, target.getString("Endpoint"), credentials, configuration)
    client.setRegion(target.getString("Region"))

    val key = prefix + file.name
    val request = MultipartUploadRequest<MultipartUploadRequest<*>>(bucket, key, file.path)
    request.setProgressCallback { _, sent, total -> onProgress(sent, total) }
    client.multipartUpload(request)
    return key
}
