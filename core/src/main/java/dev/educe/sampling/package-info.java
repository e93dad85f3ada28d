/// Logits to a token: penalties, truncation, temperature, and a draw that a seed repeats anywhere.
package dev.educe.sampling;
