package upload;

import com.aliyun.credentials.Client;
import com.aliyun.credentials.models.Config;
import com.aliyun.credentials.models.CredentialModel;
import com.aliyun.oss.ClientBuilderConfiguration;
import com.aliyun.oss.OSS;
import com.aliyun.oss.OSSClientBuilder;
import com.aliyun.oss.common.auth.Credentials;
import com.aliyun.oss.common.auth.CredentialsProvider;
import com.aliyun.oss.common.auth.DefaultCredentials;
import com.aliyun.oss.common.comm.SignVersion;

/**
 * Uploads the files whose names it reads, with credentials-java; then lists and reads what is there.
 *
 * <p>The environment says where credentials come from: ALIBABA_CLOUD_CREDENTIALS_URI, or the three variables of
 * oidc_role_arn and the host of the broker as STS_ENDPOINT.
 */
public final class UploadWithCredentials {
  public static void main(String[] args) throws Throwable {
    String[] parts = args[0].substring("oss://".length()).split("/", 2);
    ClientBuilderConfiguration settings = new ClientBuilderConfiguration();
    settings.setSignatureVersion(SignVersion.V4);
    OSS client = OSSClientBuilder.create()
        .endpoint(System.getenv("OSS_ENDPOINT"))
        .region(System.getenv("OSS_REGION"))
        .credentialsProvider(new Source())
        .clientConfiguration(settings)
        .build();
    try {
      Upload.uploadAndList(client, parts[0], parts[1]);
    } finally {
      client.shutdown();
    }
  }

  /** The OSS SDK calls it for every request. The credentials SDK decides when to ask for the next one. */
  private static final class Source implements CredentialsProvider {
    private final Client client = new Client(config());

    private static Config config() {
      String endpoint = System.getenv("STS_ENDPOINT");
      return endpoint != null
          ? new Config().setType("oidc_role_arn").setSTSEndpoint(endpoint)
          : new Config().setType("credentials_uri").setCredentialsUri(System.getenv("ALIBABA_CLOUD_CREDENTIALS_URI"));
    }

    @Override
    public Credentials getCredentials() {
      CredentialModel held = client.getCredential();
      return new DefaultCredentials(held.getAccessKeyId(), held.getAccessKeySecret(), held.getSecurityToken());
    }

    @Override
    public void setCredentials(Credentials credentials) {
      throw new UnsupportedOperationException();
    }
  }
}
