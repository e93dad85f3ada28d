/// The executor of the CPU: weights in panels, and a description turned into stages.
package dev.educe.backend.cpu;
