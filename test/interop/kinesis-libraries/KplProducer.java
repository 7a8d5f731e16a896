import com.google.common.util.concurrent.ListenableFuture;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import software.amazon.kinesis.producer.Attempt;
import software.amazon.kinesis.producer.KinesisProducer;
import software.amazon.kinesis.producer.KinesisProducerConfiguration;
import software.amazon.kinesis.producer.UserRecordResult;

/**
 * Puts by the KPL and its native daemon: <code>KplProducer STREAM PORT COUNT</code>. The daemon speaks TLS only, so the port is
 * that of a TLS front of the services. Record i has key <code>car-{i mod 10}</code>, every third an explicit hash key,
 * and is its number as text. Prints a line for each: shard, sequence number, how many attempts.
 */
public final class KplProducer {
  private static final int KEYS = 10;
  private static final int HASHED_EVERY = 3;
  private static final int TIMEOUT_SECONDS = 30;

  public static void main(String[] args) throws Exception {
    String stream = args[0];
    long port = Long.parseLong(args[1]);
    int count = Integer.parseInt(args[2]);
    KinesisProducerConfiguration configuration =
        new KinesisProducerConfiguration()
            .setRegion(System.getenv("AWS_REGION"))
            .setKinesisEndpoint("127.0.0.1")
            .setKinesisPort(port)
            .setCloudwatchEndpoint("127.0.0.1")
            .setCloudwatchPort(port)
            .setStsEndpoint("127.0.0.1")
            .setStsPort(port)
            .setMetricsLevel("none")
            .setTempDirectory(System.getProperty("java.io.tmpdir"))
            .setVerifyCertificate(false);
    KinesisProducer producer = new KinesisProducer(configuration);
    // Until it knows the shards, the KPL aggregates nothing.
    producer.addUserRecord(stream, "first", data(-1)).get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
    Thread.sleep(2_000);

    List<ListenableFuture<UserRecordResult>> results = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      String key = "car-" + i % KEYS;
      // The first of the upper half.
      String hash = i % HASHED_EVERY == 0 ? "170141183460469231731687303715884105728" : null;
      results.add(producer.addUserRecord(stream, key, hash, data(i)));
    }
    for (ListenableFuture<UserRecordResult> future : results) {
      UserRecordResult result = future.get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
      List<Attempt> attempts = result.getAttempts();
      Lines.print(
          "put",
          "shard", result.getShardId(),
          "sequenceNumber", result.getSequenceNumber(),
          "attempts", String.valueOf(attempts.size()));
    }
    producer.destroy();
    System.exit(0);
  }

  private static ByteBuffer data(int number) {
    return ByteBuffer.wrap(String.valueOf(number).getBytes(StandardCharsets.UTF_8));
  }
}
