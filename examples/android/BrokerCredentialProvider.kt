import com.alibaba.sdk.android.oss.ClientException
import com.alibaba.sdk.android.oss.common.auth.OSSFederationCredentialProvider
import com.alibaba.sdk.android.oss.common.auth.OSSFederationToken
import java.io.IOException
import java.net.HttpURLConnection
import java.net.URL
import java.net.URLEncoder
import org.json.JSONException
import org.json.JSONObject

/** The SDK asks it for a credential, and again in the last minutes of one. Both happen outside the main thread. */
class BrokerCredentialProvider(
    private val brokerUrl: String,
    private val grant: String,
    private val getSubjectToken: () -> String,
) : OSSFederationCredentialProvider() {

    override fun getFederationToken(): OSSFederationToken {
        val answer = try { ask() } catch (e: IOException) { throw ClientException(e) }
        return OSSFederationToken(
            answer.getString("AccessKeyId"),
            answer.getString("AccessKeySecret"),
            answer.getString("SecurityToken"),
            answer.getString("Expiration"),
        )
    }

    /** The broker's answer. It also says where the bucket is. */
    fun ask(): JSONObject {
        val query = "Grant=" + URLEncoder.encode(grant, "UTF-8")
        val connection = URL("$brokerUrl/v1/credentials?$query").openConnection() as HttpURLConnection
        try {
            connection.connectTimeout = 10_000
            connection.readTimeout = 10_000
            connection.setRequestProperty("Authorization", "Bearer ${getSubjectToken()}")
            // a redirect would take the subject token to another host
            connection.instanceFollowRedirects = false
            val status = connection.responseCode
            val text = (connection.errorStream ?: connection.inputStream).bufferedReader().readText()
            // a proxy in between may answer with something else
            val answer = try { JSONObject(text) } catch (e: JSONException) { JSONObject() }
            if (status == 200 && answer.has("AccessKeyId")) return answer
            val code = answer.optString("code", "status $status")
            throw IOException("the broker refuses: $code (request ${connection.getHeaderField("X-Request-Id")})")
        } finally {
            connection.disconnect()
        }
    }
}
