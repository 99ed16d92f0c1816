/* Sets the chosen colours before anything is drawn; without a choice they are the system's. */
const theme = localStorage.getItem("theme");
if (theme) document.documentElement.dataset.theme = theme;
