package upload;

import com.aliyun.oss.ClientBuilderConfiguration;
import com.aliyun.oss.OSS;
import com.aliyun.oss.OSSClientBuilder;
import com.aliyun.oss.common.comm.SignVersion;
import com.aliyun.oss.model.ListObjectsV2Request;
import com.aliyun.oss.model.ListObjectsV2Result;
import com.aliyun.oss.model.OSSObject;
import com.aliyun.oss.model.OSSObjectSummary;
import com.aliyun.oss.model.UploadFileRequest;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Uploads the files whose names it reads, then lists and reads what is there. */
public final class Upload {
  private static final long PART_BYTES = 5 << 20;

  public static void main(String[] args) throws Throwable {
    Broker broker = new Broker(System.getenv("BROKER_URL"), System.getenv("GRANT"), Upload::subjectToken);
    Broker.Target target = broker.credential().Grant.Targets.get(0);
    String where = args.length > 0 ? args[0] : target.Target;
    String[] parts = where.substring("oss://".length()).split("/", 2);

    ClientBuilderConfiguration settings = new ClientBuilderConfiguration();
    settings.setSignatureVersion(SignVersion.V4);
    settings.setSupportCname(target.Cname);
    OSS client = OSSClientBuilder.create()
        .endpoint(target.Endpoint)
        .region(target.Region)
        .credentialsProvider(broker)
        .clientConfiguration(settings)
        .build();
    try {
      uploadAndList(client, parts[0], parts[1]);
    } finally {
      client.shutdown();
    }
  }

  static void uploadAndList(OSS client, String bucket, String prefix) throws Throwable {
    BufferedReader names = new BufferedReader(new InputStreamReader(System.in));
    for (String name; (name = names.readLine()) != null; ) {
      File file = new File(name);
      String key = prefix + file.getName();
      if (file.length() <= PART_BYTES) {
        client.putObject(bucket, key, file);
      } else {
        UploadFileRequest request = new UploadFileRequest(bucket, key);
        request.setUploadFile(name);
        request.setPartSize(PART_BYTES);
        client.uploadFile(request);
      }
      System.out.println("uploaded " + key);
    }

    ListObjectsV2Request list = new ListObjectsV2Request(bucket).withPrefix(prefix);
    ListObjectsV2Result page;
    do {
      page = client.listObjectsV2(list);
      for (OSSObjectSummary entry : page.getObjectSummaries()) {
        try (OSSObject object = client.getObject(bucket, entry.getKey())) {
          byte[] content = object.getObjectContent().readAllBytes();
          System.out.println("read " + entry.getKey() + " " + content.length);
        }
      }
      list.setContinuationToken(page.getNextContinuationToken());
    } while (page.isTruncated());
  }

  private static String subjectToken() {
    try {
      return Files.readString(Path.of(System.getenv("SUBJECT_TOKEN_FILE"))).trim();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
