import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import software.amazon.kinesis.exceptions.InvalidStateException;
import software.amazon.kinesis.exceptions.ShutdownException;
import software.amazon.kinesis.lifecycle.events.InitializationInput;
import software.amazon.kinesis.lifecycle.events.LeaseLostInput;
import software.amazon.kinesis.lifecycle.events.ProcessRecordsInput;
import software.amazon.kinesis.lifecycle.events.ShardEndedInput;
import software.amazon.kinesis.lifecycle.events.ShutdownRequestedInput;
import software.amazon.kinesis.processor.RecordProcessorCheckpointer;
import software.amazon.kinesis.processor.ShardRecordProcessor;
import software.amazon.kinesis.retrieval.KinesisClientRecord;

/** Prints each record, and then checkpoints behind every fortieth: in the middle of a batch, and of an aggregate. */
final class PrintingProcessor implements ShardRecordProcessor {
  private static final int CHECKPOINT_EVERY = 40;

  private String shard;
  private int sinceCheckpoint;

  @Override
  public void initialize(InitializationInput input) {
    shard = input.shardId();
    Lines.print(
        "initialize",
        "shard", shard,
        "checkpoint", input.extendedSequenceNumber().sequenceNumber(),
        "sub", String.valueOf(input.extendedSequenceNumber().subSequenceNumber()));
  }

  @Override
  public void processRecords(ProcessRecordsInput input) {
    for (KinesisClientRecord record : input.records()) {
      Lines.print(
          "record",
          "shard", shard,
          "sequenceNumber", record.sequenceNumber(),
          "sub", String.valueOf(record.subSequenceNumber()),
          "aggregated", String.valueOf(record.aggregated()),
          "key", record.partitionKey(),
          "data", text(record.data()));
      if (++sinceCheckpoint < CHECKPOINT_EVERY) continue;
      sinceCheckpoint = 0;
      checkpoint(
          () -> input.checkpointer().checkpoint(record.sequenceNumber(), record.subSequenceNumber()));
    }
  }

  @Override
  public void leaseLost(LeaseLostInput input) {
    Lines.print("leaseLost", "shard", shard);
  }

  @Override
  public void shardEnded(ShardEndedInput input) {
    checkpoint(input.checkpointer()::checkpoint);
    Lines.print("shardEnded", "shard", shard);
  }

  @Override
  public void shutdownRequested(ShutdownRequestedInput input) {
    checkpoint(input.checkpointer()::checkpoint);
    Lines.print("shutdownRequested", "shard", shard);
  }

  private interface Checkpoint {
    void store() throws InvalidStateException, ShutdownException;
  }

  private void checkpoint(Checkpoint step) {
    try {
      step.store();
      Lines.print("checkpoint", "shard", shard);
    } catch (ShutdownException lost) {
      Lines.print("checkpointRefused", "shard", shard);
    } catch (InvalidStateException noTable) {
      throw new IllegalStateException(noTable);
    }
  }

  private static String text(ByteBuffer data) {
    return StandardCharsets.UTF_8.decode(data.duplicate()).toString();
  }
}
