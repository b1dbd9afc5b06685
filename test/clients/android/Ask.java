import com.alibaba.sdk.android.oss.common.auth.OSSFederationToken;
import java.nio.file.Files;
import java.nio.file.Path;

/** Asks the provider as the SDK does before each request, once for each line, and prints key and expiration in seconds. */
class Ask {
  public static void main(String[] args) throws Exception {
    String token = Files.readString(Path.of(System.getenv("SUBJECT_TOKEN_FILE"))).trim();
    BrokerCredentialProvider provider =
        new BrokerCredentialProvider(System.getenv("BROKER_URL"), System.getenv("GRANT"), () -> token);
    while (System.in.read() != -1) {
      OSSFederationToken held = provider.getValidFederationToken();
      System.out.println(held.getTempAK() + " " + held.getExpiration());
    }
  }
}
