"""The judge: a waveform from a transmitter through a line into a receiver, sample by sample."""
