package upload;

import com.aliyun.oss.common.auth.Credentials;
import com.aliyun.oss.common.auth.CredentialsProvider;
import com.aliyun.oss.common.auth.DefaultCredentials;
import com.google.gson.Gson;
import com.google.gson.JsonParseException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.function.Supplier;

/** Holds a credential of the broker, and asks for the next one in time. The SDK calls it for every request. */
public final class Broker implements CredentialsProvider {
  /** What the broker issued. */
  public static final class Answer {
    public String AccessKeyId, AccessKeySecret, SecurityToken, Expiration, RefreshAfter;
    public Grant Grant;
  }

  public static final class Grant {
    public List<Target> Targets;
  }

  public static final class Target {
    public String Target, Region, Endpoint;
    public boolean Cname;
  }

  /** A refusal. The code is stable; quote the request id to the operator. */
  public static final class Refusal extends RuntimeException {
    public final String code;

    Refusal(String code, String requestId) {
      super("the broker refuses: " + code + " (request " + requestId + ")");
      this.code = code;
    }
  }

  private static final class Problem {
    String code, requestId;
  }

  private final HttpClient http = HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(10)).build();
  private final Gson gson = new Gson();
  private final URI uri;
  private final Supplier<String> subjectToken;
  private Answer held;
  private Instant askAt = Instant.MIN;

  /** The supplier is called for each credential. The grant may be null. */
  public Broker(String url, String grant, Supplier<String> subjectToken) {
    String query = grant == null ? "" : "?Grant=" + URLEncoder.encode(grant, StandardCharsets.UTF_8);
    this.uri = URI.create(url + "/v1/credentials" + query);
    this.subjectToken = subjectToken;
  }

  /** The answer in use. It is good for one request to OSS. */
  public synchronized Answer credential() {
    if (Instant.now().isBefore(askAt)) return held;
    try {
      held = ask();
      askAt = Instant.parse(held.RefreshAfter);
    } catch (Refusal | UncheckedIOException e) {
      if (held == null || !Instant.now().isBefore(Instant.parse(held.Expiration))) throw e;
      askAt = Instant.now().plusSeconds(10); // the old one still works
    }
    return held;
  }

  @Override
  public Credentials getCredentials() {
    Answer now = credential();
    return new DefaultCredentials(now.AccessKeyId, now.AccessKeySecret, now.SecurityToken);
  }

  @Override
  public void setCredentials(Credentials credentials) {
    throw new UnsupportedOperationException();
  }

  private Answer ask() {
    HttpRequest request = HttpRequest.newBuilder(uri)
        .header("Authorization", "Bearer " + subjectToken.get())
        .timeout(Duration.ofSeconds(10))
        .build();
    try {
      HttpResponse<String> response = http.send(request, HttpResponse.BodyHandlers.ofString());
      if (response.statusCode() == 200) return gson.fromJson(response.body(), Answer.class);
      Problem problem = gson.fromJson(response.body(), Problem.class);
      throw new Refusal(problem.code, problem.requestId);
    } catch (JsonParseException e) {
      throw new UncheckedIOException(new IOException("no broker answered", e));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new UncheckedIOException(new IOException(e));
    }
  }
}
