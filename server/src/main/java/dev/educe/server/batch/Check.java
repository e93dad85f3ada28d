package dev.educe.server.batch;

import dev.educe.server.http.ApiException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// What was found in a file of requests before any of them is answered.
///
/// @param ids of its lines
/// @param faults why it cannot be answered; empty if it can
record Check(Set<String> ids, List<Fault> faults) {
  private static final int LINES_MAX = 50_000;
  private static final int FAULTS_MAX = 100;

  /// @param line from 1; 0 for the file as a whole
  record Fault(int line, String code, String message, Optional<String> param) {}

  /// @param urls that lines may be for
  static Check of(Path file, Set<String> urls) throws IOException {
    var check = new Check(new HashSet<>(), new ArrayList<>());
    BatchLine.each(
        file,
        (number, bytes) -> {
          check.line(number, bytes, urls);
          return check.faults.size() < FAULTS_MAX && check.ids.size() <= LINES_MAX;
        });
    if (check.ids.isEmpty() && check.faults.isEmpty()) {
      check.fault("empty_file", "The file has no requests.");
    } else if (check.ids.size() > LINES_MAX) {
      check.fault(
          "too_many_tasks",
          "The file has more than the %,d requests allowed.".formatted(LINES_MAX));
    }
    return check;
  }

  private void fault(String code, String message) {
    faults.add(new Fault(0, code, message, Optional.empty()));
  }

  private void line(int number, byte[] bytes, Set<String> urls) {
    try {
      var line = BatchLine.of(bytes, urls);
      if (!ids.add(line.customId())) {
        faults.add(
            new Fault(
                number,
                "duplicate_custom_id",
                "The custom_id of this line is that of another.",
                Optional.of("custom_id")));
      }
    } catch (ApiException wrong) {
      var error = wrong.error();
      faults.add(new Fault(number, error.code(), error.message(), error.param()));
    }
  }
}
