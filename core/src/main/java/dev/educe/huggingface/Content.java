package dev.educe.huggingface;

import dev.educe.format.Safetensors;
import dev.educe.format.TensorEntry;
import dev.educe.model.RowOrder;
import dev.educe.tensor.DType;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.List;

/// The bytes of a tensor as GGUF has it, made of what is stored when they are asked for.
@FunctionalInterface
interface Content {
  /// Fills `target` with bytes from `offset` on; the range is within the tensor.
  void read(long offset, MemorySegment target) throws IOException;

  /// As it is stored.
  static Content stored(Safetensors file, TensorEntry tensor) {
    return (offset, target) -> file.read(tensor, offset, target);
  }

  /// Numbers that stand in no file.
  static Content of(float[] numbers) {
    MemorySegment bytes = MemorySegment.ofArray(new byte[numbers.length * Float.BYTES]);
    MemorySegment.copy(numbers, 0, bytes, Floats.FLOAT, 0, numbers.length);
    return (offset, target) -> target.copyFrom(bytes.asSlice(offset, target.byteSize()));
  }

  /// Tensors one after the other.
  ///
  /// @param partBytes of each of them
  record Stacked(List<Content> parts, long partBytes) implements Content {
    @Override
    public void read(long offset, MemorySegment target) throws IOException {
      for (long done = 0; done < target.byteSize(); ) {
        long at = offset + done;
        long within = at % partBytes;
        long bytes = Math.min(partBytes - within, target.byteSize() - done);
        parts.get(Math.toIntExact(at / partBytes)).read(within, target.asSlice(done, bytes));
        done += bytes;
      }
    }
  }

  /// Rows of queries or keys, whose pairs stand half a head apart where they are stored and next to
  /// each other in GGUF.
  record Adjacent(Content stored, RowOrder order, long rowBytes) implements Content {
    @Override
    public void read(long offset, MemorySegment target) throws IOException {
      long headBytes = order.headSize() * rowBytes;
      var head = MemorySegment.ofArray(new byte[Math.toIntExact(headBytes)]);
      for (long done = 0; done < target.byteSize(); ) {
        long at = offset + done;
        long start = at - at % headBytes;
        long bytes = Math.min(start + headBytes - at, target.byteSize() - done);
        stored.read(start, head);
        copy(head, at - start, target.asSlice(done, bytes));
        done += bytes;
      }
    }

    /// Copies a range of a head as GGUF has it.
    private void copy(MemorySegment head, long from, MemorySegment target) {
      for (long done = 0; done < target.byteSize(); ) {
        long at = from + done;
        long within = at % rowBytes;
        long bytes = Math.min(rowBytes - within, target.byteSize() - done);
        long stored = order.wantedRow(at / rowBytes) * rowBytes + within;
        MemorySegment.copy(head, stored, target, done, bytes);
        done += bytes;
      }
    }
  }

  /// F32 of halves; the range asked for holds whole numbers.
  record Floats(Content halves, DType type) implements Content {
    private static final ValueLayout.OfFloat FLOAT =
        ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfShort SHORT =
        ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    @Override
    public void read(long offset, MemorySegment target) throws IOException {
      var raw = MemorySegment.ofArray(new byte[Math.toIntExact(target.byteSize() / 2)]);
      halves.read(offset / 2, raw);
      for (long at = 0; at < raw.byteSize(); at += 2) {
        short half = raw.get(SHORT, at);
        float number =
            type == DType.F16 ? Float.float16ToFloat(half) : Float.intBitsToFloat(half << 16);
        target.set(FLOAT, 2 * at, number);
      }
    }
  }
}
