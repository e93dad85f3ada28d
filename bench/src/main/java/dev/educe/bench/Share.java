package dev.educe.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;

/// How much of what the machine can do Educe makes use of, from 0 to 1, round by round.
record Share(String title, Series values) {
  /// What rounds of a comparison say; nothing of what did not run.
  static List<Share> of(
      Map<Test, Trials> own, List<MachineLimits> limits, ModelWork work, Workload load) {
    var shares = new ArrayList<Share>();
    var multiplies = new ArrayList<Double>();
    own.get(Test.PROMPT)
        .best()
        .forEach((round, sample) -> {
          OptionalDouble limit = limits.get(round).multiplyRate();
          limit.ifPresent(peak -> multiplies.add(sample.value() * work.promptMultiplies() / peak));
        });
    if (!multiplies.isEmpty()) {
      shares.add(new Share("prompt, of the peak of 8-bit products", Series.of(multiplies)));
    }
    var reads = new ArrayList<Double>();
    double bytes = work.decodeBytes(load.decode());
    own.get(Test.DECODE)
        .best()
        .forEach(
            (round, sample) -> reads.add(sample.value() * bytes / limits.get(round).bytesRate()));
    if (!reads.isEmpty()) {
      shares.add(new Share("decode, of plain reads of the same bytes", Series.of(reads)));
    }
    return shares;
  }
}
