"""What U-Nets and autoencoders compute on a GPU, in fewer passes over its memory than torch takes."""
