import java.util.concurrent.TimeUnit;
import software.amazon.awssdk.arns.Arn;
import software.amazon.awssdk.services.cloudwatch.CloudWatchAsyncClient;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.kinesis.KinesisAsyncClient;
import software.amazon.kinesis.common.ConfigsBuilder;
import software.amazon.kinesis.common.InitialPositionInStream;
import software.amazon.kinesis.common.InitialPositionInStreamExtended;
import software.amazon.kinesis.common.KinesisClientUtil;
import software.amazon.kinesis.common.StreamIdentifier;
import software.amazon.kinesis.coordinator.Scheduler;
import software.amazon.kinesis.metrics.NullMetricsFactory;
import software.amazon.kinesis.processor.SingleStreamTracker;
import software.amazon.kinesis.retrieval.RetrievalConfig;
import software.amazon.kinesis.retrieval.RetrievalSpecificConfig;
import software.amazon.kinesis.retrieval.fanout.FanOutConfig;
import software.amazon.kinesis.retrieval.polling.PollingConfig;

/**
 * A KCL application as its users write one: <code>KclWorker APPLICATION STREAM WORKER polling|fan-out</code>,
 * the stream by name or ARN. Region, keys
 * and endpoints are the SDK's, from the environment. Prints a JSON line for each thing that happens; ends on SIGTERM as
 * KCL does when it is asked to.
 *
 * <p>The fail-over is KCL's default of 10 s. What else KCL does at intervals of its own it does more often here, so that a
 * test takes seconds.
 */
public final class KclWorker {
  private static final long FAILOVER_MILLIS = 10_000;
  private static final long GRACE_SECONDS = 15;

  public static void main(String[] args) {
    String application = args[0];
    String stream = args[1];
    String worker = args[2];
    boolean fanOut = args[3].equals("fan-out");

    KinesisAsyncClient kinesis = KinesisClientUtil.createKinesisAsyncClient(KinesisAsyncClient.builder());
    DynamoDbAsyncClient dynamodb = DynamoDbAsyncClient.create();
    // KCL wants one; with NullMetricsFactory nothing is sent.
    CloudWatchAsyncClient cloudWatch = CloudWatchAsyncClient.create();
    StreamIdentifier identifier =
        stream.startsWith("arn:")
            ? StreamIdentifier.singleStreamInstance(Arn.fromString(stream))
            : StreamIdentifier.singleStreamInstance(stream);
    SingleStreamTracker tracker =
        new SingleStreamTracker(
            identifier, InitialPositionInStreamExtended.newInitialPosition(InitialPositionInStream.TRIM_HORIZON));
    ConfigsBuilder configs =
        new ConfigsBuilder(
            tracker, application, kinesis, dynamodb, cloudWatch, worker, PrintingProcessor::new);

    var leases =
        configs
            .leaseManagementConfig()
            .failoverTimeMillis(FAILOVER_MILLIS)
            .leaseAssignmentIntervalMillis(1_000L)
            .shardSyncIntervalMillis(2_000)
            // The leader's lock: a killed leader's is free after so long, by default two minutes.
            .dynamoDbLockBasedLeaderLeaseDurationInMillis(FAILOVER_MILLIS)
            .dynamoDbLockBasedLeaderHeartbeatPeriodInMillis(2_000);
    leases.workerUtilizationAwareAssignmentConfig().workerMetricsReporterFreqInMillis(1_000);
    var coordinator = configs.coordinatorConfig().parentShardPollIntervalMillis(500).shardConsumerDispatchPollIntervalMillis(200);
    RetrievalSpecificConfig retrieval =
        fanOut
            ? new FanOutConfig(kinesis).streamName(identifier.streamName()).applicationName(application)
            : new PollingConfig(identifier.streamName(), kinesis).idleTimeBetweenReadsInMillis(250);
    RetrievalConfig retrievalConfig = configs.retrievalConfig().retrievalSpecificConfig(retrieval);

    Scheduler scheduler =
        new Scheduler(
            configs.checkpointConfig(),
            coordinator,
            leases,
            configs.lifecycleConfig(),
            configs.metricsConfig().metricsFactory(new NullMetricsFactory()),
            configs.processorConfig(),
            retrievalConfig);
    Thread running = new Thread(scheduler, "scheduler");
    Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(scheduler)));
    running.start();
  }

  private static void stop(Scheduler scheduler) {
    try {
      boolean all = scheduler.startGracefulShutdown().get(GRACE_SECONDS, TimeUnit.SECONDS);
      Lines.print("stopped", "all", String.valueOf(all));
    } catch (Exception error) {
      Lines.print("failed", "cause", String.valueOf(error));
    }
  }
}
