import com.alibaba.sdk.android.oss.common.auth.OSSAuthCredentialsProvider;
import com.alibaba.sdk.android.oss.common.auth.OSSFederationCredentialProvider;
import com.alibaba.sdk.android.oss.common.auth.OSSFederationToken;
import java.nio.file.Files;
import java.nio.file.Path;

/** Asks the provider as the SDK does before each request, once for each line, and prints key and expiration in seconds. */
class Ask {
  public static void main(String[] args) throws Exception {
    String url = System.getenv("CREDENTIAL_URL");
    OSSFederationCredentialProvider provider = url == null ? ofExample() : new OSSAuthCredentialsProvider(url);
    while (System.in.read() != -1) {
      OSSFederationToken held = provider.getValidFederationToken();
      System.out.println(held.getTempAK() + " " + held.getExpiration());
    }
  }

  private static OSSFederationCredentialProvider ofExample() throws Exception {
    String token = Files.readString(Path.of(System.getenv("SUBJECT_TOKEN_FILE"))).trim();
    return new BrokerCredentialProvider(System.getenv("BROKER_URL"), System.getenv("GRANT"), () -> token);
  }
}
