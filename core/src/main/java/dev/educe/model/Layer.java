package dev.educe.model;

import java.util.List;

/// One of the equal floors of a decoder: residual steps, run in order.
public record Layer(List<Residual> steps) {
  public Layer {
    steps = List.copyOf(steps);
  }
}
