package dev.educe.kernels.codegen;

import static dev.educe.kernels.codegen.Gpr.RDI;
import static dev.educe.kernels.codegen.Gpr.RSI;
import static dev.educe.kernels.codegen.Vec.zmm;

import dev.educe.kernels.Activations;
import dev.educe.kernels.PanelLayout;
import dev.educe.kernels.Panels;
import dev.educe.platform.MemoryBudget;
import dev.educe.platform.Region;
import dev.educe.tensor.DType;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.StreamSupport;

/// The matrix kernel alone: multiply-adds a second against the peak of `vpdpbusd`, and bytes a
/// second of one row of activations against a plain read of the same memory.
///
/// Rounds alternate between what is compared, so that a busy machine slows both; medians of the
/// ratios count, rates are for orientation.
///
/// Arguments: the tier (or `best`), then as wanted formats (else all), `columns=N`, `rows=N,…` for
/// the first part alone with so many rows, `kilobytes=N` of panels there (else 400), and `one-row`
/// for the second part alone.
public final class MatrixBench {
  private static final String COLUMNS = "columns=";
  private static final String ROWS = "rows=";
  private static final String KILOBYTES = "kilobytes=";
  private static final String ONE_ROW = "one-row";
  private static final int ROUNDS = 80;
  private static final int WARM_UP_ROUNDS = 80;

  // So many that they are done tile by tile.
  private static final int ROWS_MANY = 120;
  private static final int[] ROW_COUNTS = {1, 2, 4, 6, 8, 10, 12, 14, 16, 20, 24, ROWS_MANY};
  private static final long READ_BYTES = 256L << 20;
  private static final int READ_PARTS = 8;
  private static final int READ_ROUNDS = 64;

  private final Tier tier;
  private final int size;
  private final int kilobytes;
  private final CodeArena code = new CodeArena();
  private final GeneratedMatrix kernels;
  private final ArithmeticPeak peak;
  private final MethodHandle read;

  private MatrixBench(Tier tier, int size, int kilobytes) {
    this.tier = tier;
    this.size = size;
    this.kilobytes = kilobytes;
    this.kernels = new GeneratedMatrix(tier, new NoKernels());
    this.peak = new ArithmeticPeak(tier);
    this.read = handle(code.add("read", emitRead()));
  }

  public static void main(String[] arguments) throws Exception {
    String label = arguments.length == 0 || arguments[0].equals("best") ? "" : arguments[0];
    Tier.Choice choice = Tier.choose(label);
    if (choice.tier().isEmpty()) {
      System.err.println(choice.reason());
      System.exit(1);
    }
    List<String> rest = Arrays.stream(arguments).skip(1).toList();
    int[] rows = numbers(rest, ROWS, ROW_COUNTS);
    List<DType> types =
        StreamSupport.stream(PanelLayout.supported().spliterator(), false)
            .filter(
                each -> rest.contains(each.name()) || rest.stream().allMatch(MatrixBench::isOption))
            .toList();
    int size = numbers(rest, COLUMNS, 2048)[0];
    MatrixBench bench =
        new MatrixBench(choice.tier().get(), size, numbers(rest, KILOBYTES, 400)[0]);
    System.out.printf("tier %s, %d columns%n", bench.tier.label(), size);
    if (!rest.contains(ONE_ROW)) {
      types.forEach(type -> bench.rates(type, rows));
    }
    if (rows == ROW_COUNTS) {
      for (DType type : types) {
        bench.bandwidth(type);
      }
    }
  }

  /// The numbers of an option, or what holds without it.
  private static int[] numbers(List<String> arguments, String option, int... otherwise) {
    return arguments.stream()
        .filter(each -> each.startsWith(option))
        .findFirst()
        .map(each ->
            Arrays.stream(each.substring(option.length()).split(","))
                .mapToInt(Integer::parseInt)
                .toArray())
        .orElse(otherwise);
  }

  private static boolean isOption(String argument) {
    return argument.contains("=") || argument.equals(ONE_ROW);
  }

  /// Share of the peak by number of rows, one thread, panels in the second-level cache.
  private void rates(DType type, int[] counts) {
    PanelLayout layout = PanelLayout.find(type).orElseThrow();
    int panels = (int) Math.max(1, ((long) kilobytes << 10) / layout.panelBytes(size));
    try (Region region = Region.openHuge("bench", MemoryBudget.unlimited())) {
      Panels w = new Panels(region, type, 16 * panels, size);
      scramble(w.memory());
      for (int rows : counts) {
        Activations x = new Activations(region, rows, size);
        MemorySegment y = region.allocate(64L * panels * rows);
        long multiplies = (long) rows * panels * 16 * size;
        long repeat = Math.max(1, (64L << 20) / multiplies);
        double[] shares = new double[ROUNDS];
        double[] all = new double[ROUNDS];
        double[] peaks = new double[ROUNDS];
        for (int round = -WARM_UP_ROUNDS; round < ROUNDS; round++) {
          double peakNow = peakRate();
          long start = System.nanoTime();
          for (long i = 0; i < repeat; i++) {
            kernels.multiply(w, 0, panels, x, 0, rows, y, 16L * panels);
          }
          double rate = (double) repeat * multiplies / (System.nanoTime() - start);
          if (round < 0) {
            continue;
          }
          peaks[round] = peakNow;
          all[round] = rate;
          shares[round] = rate / peaks[round];
        }
        System.out.printf(
            "%-7s %3d rows %6.1f GMAC/s (best %6.1f), %5.1f %% of vpdpbusd's peak (%5.1f %%)%n",
            type,
            rows,
            median(all),
            best(all),
            100 * median(shares),
            100 * best(all) / best(peaks));
      }
    }
  }

  /// One row from memory, two threads, against a plain read of the same bytes.
  private void bandwidth(DType type) throws Exception {
    PanelLayout layout = PanelLayout.find(type).orElseThrow();
    int panels = (int) (READ_BYTES / layout.panelBytes(size));
    try (Region region = Region.openHuge("bench", MemoryBudget.unlimited());
        ExecutorService threads = Executors.newFixedThreadPool(2)) {
      Panels w = new Panels(region, type, 16 * panels, size);
      scramble(w.memory());
      Activations x = new Activations(region, 1, size);
      MemorySegment y = region.allocate(64L * panels);
      for (int count = 1; count <= 2; count++) {
        double[] plain = new double[READ_ROUNDS];
        double[] own = new double[READ_ROUNDS];
        double[] shares = new double[READ_ROUNDS];
        int part = panels / READ_PARTS / 2;
        long bytes = part * w.panelBytes();
        for (int round = 0; round < READ_ROUNDS; round++) {
          int place = round * 7 % READ_PARTS * 2;
          plain[round] =
              count * bytes / onThreads(threads, count, thread -> read(w, place + thread, part));
          own[round] =
              count
                  * bytes
                  / onThreads(
                      threads,
                      count,
                      thread -> {
                        int from = ((place + thread + READ_PARTS) % (2 * READ_PARTS)) * part;
                        kernels.multiply(w, from, from + part, x, 0, 1, y, 16L * panels);
                      });
          shares[round] = own[round] / plain[round];
        }
        System.out.printf(
            "%-7s one row, %d threads: %5.1f GB/s (best %5.1f), plain read %5.1f (best %5.1f):"
                + " %5.1f %% (of best %5.1f %%)%n",
            type,
            count,
            median(own),
            best(own),
            median(plain),
            best(plain),
            100 * median(shares),
            100 * best(own) / best(plain));
      }
    }
  }

  private void read(Panels w, int place, int part) throws Throwable {
    long bytes = part * w.panelBytes();
    read.invokeExact(w.memory().asSlice(place * bytes), bytes / 1024);
  }

  private interface Work {
    void run(int thread) throws Throwable;
  }

  /// Nanoseconds until all threads are done.
  private static double onThreads(ExecutorService threads, int count, Work work) throws Exception {
    long start = System.nanoTime();
    List<Future<Object>> running = new ArrayList<>();
    for (int thread = 0; thread < count; thread++) {
      running.add(threads.submit(task(work, thread)));
    }
    for (Future<Object> each : running) {
      each.get();
    }
    return System.nanoTime() - start;
  }

  private static Callable<Object> task(Work work, int thread) {
    return () -> {
      try {
        work.run(thread);
        return thread;
      } catch (Exception | Error e) {
        throw e;
      } catch (Throwable e) {
        throw new AssertionError(e);
      }
    };
  }

  private double peakRate() {
    long start = System.nanoTime();
    return (double) peak.run() / (System.nanoTime() - start);
  }

  /// Reads so many KiB and keeps nothing.
  private static Assembler emitRead() {
    Assembler a = new Assembler();
    Label again = a.here();
    for (int i = 0; i < 16; i++) {
      a.vmovups(zmm(i % 8), Mem.mem(RDI, 64 * i));
    }
    a.add(RDI, 1024);
    a.dec(RSI);
    a.jump(Condition.NOT_EQUAL, again);
    a.vzeroupper();
    a.ret();
    return a;
  }

  @SuppressWarnings("restricted")
  private static MethodHandle handle(MemorySegment function) {
    return Linker.nativeLinker()
        .downcallHandle(
            function,
            FunctionDescriptor.ofVoid(ValueLayout.ADDRESS, ValueLayout.JAVA_LONG),
            Linker.Option.critical(false));
  }

  private static void scramble(MemorySegment memory) {
    Random random = new Random(1);
    byte[] page = new byte[4096];
    random.nextBytes(page);
    for (int i = 1; i < page.length; i += 2) {
      // As a half: between 2⁻⁷ and 2.
      page[i] = (byte) (page[i] & 0x9f | 0x20);
    }
    for (long at = 0; at < memory.byteSize(); at += page.length) {
      long bytes = Math.min(page.length, memory.byteSize() - at);
      MemorySegment.copy(page, 0, memory, ValueLayout.JAVA_BYTE, at, (int) bytes);
    }
  }

  private static double best(double[] values) {
    return Arrays.stream(values).max().orElseThrow();
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }

  /// Stands behind kernels that must not need it.
  private static final class NoKernels implements dev.educe.kernels.MatrixKernels {
    @Override
    public int quantize(Activations x, int rowFrom, int rowTo) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void multiply(
        Panels w,
        int panelFrom,
        int panelTo,
        Activations x,
        int rowFrom,
        int rowTo,
        MemorySegment y,
        long yStride) {
      throw new UnsupportedOperationException(w.type().name());
    }
  }
}
