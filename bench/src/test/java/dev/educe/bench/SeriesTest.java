package dev.educe.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;

class SeriesTest {
  @Test
  void theMedianIsTheMiddleOrBetweenTheMiddles() {
    assertEquals(5, Series.of(9, 5, 1).median());
    assertEquals(4, Series.of(9, 5, 3, 1).median());
    assertEquals(7, Series.of(7).median());
  }

  @Test
  void theSpreadIsFromTheLeastToTheGreatest() {
    var series = Series.of(List.of(3.0, -1.0, 2.0));
    assertEquals(-1, series.least());
    assertEquals(3, series.greatest());
    assertEquals(3, series.count());
  }

  @Test
  void aShareOfAllDoesNotExceedItsPercentile() {
    var series = Series.of(5, 3, 1, 2, 4, 9, 7, 8, 6, 10);
    assertEquals(1, series.at(0.01));
    assertEquals(5, series.at(0.5));
    assertEquals(10, series.at(0.91));
    assertEquals(10, series.at(1));
  }

  @Test
  void aSeriesNeedsAValue() {
    assertThrows(IllegalArgumentException.class, () -> Series.of());
  }
}
