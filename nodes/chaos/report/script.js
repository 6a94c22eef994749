(function () {
  "use strict";
  var scroll = document.querySelector(".scroll"), lanes = document.querySelector(".lanes"), zoom = 1;
  function set(to, at) {
    zoom = Math.min(Math.max(to, 1), 64);
    var names = lanes.querySelector(".names").offsetWidth;
    if (at === undefined) { at = (scroll.scrollLeft + scroll.clientWidth / 2 - names) / (lanes.clientWidth - names); }
    lanes.style.setProperty("--zoom", zoom);
    lanes.classList.toggle("near", zoom >= 8);
    scroll.scrollLeft = at * (lanes.clientWidth - names) + names - scroll.clientWidth / 2;
  }
  if (scroll) {
    var bar = document.querySelector(".zoom");
    bar.hidden = false;
    bar.addEventListener("click", function (e) {
      var by = e.target.getAttribute("data-zoom");
      if (by !== null) { set(zoom * Number(by)); }
    });
    document.querySelectorAll(".goto").forEach(function (a) {
      a.addEventListener("click", function () {
        var pin = document.querySelector('.pin[href="#' + a.getAttribute("data-pin") + '"]');
        document.querySelectorAll(".pin.on").forEach(function (p) { p.classList.remove("on"); });
        if (pin) { pin.classList.add("on"); set(16, Number(pin.getAttribute("data-at")) / 100); }
      });
    });
  }
  function unfold() {
    var to = document.getElementById(location.hash.slice(1));
    if (to && to.tagName === "DETAILS") { to.open = true; to.scrollIntoView(); }
  }
  addEventListener("hashchange", unfold);
  unfold();
  var copy = document.getElementById("copy");
  if (copy && navigator.clipboard) {
    copy.hidden = false;
    copy.addEventListener("click", function () {
      navigator.clipboard.writeText(document.getElementById("repro").textContent).then(function () { copy.textContent = "Copied"; });
    });
  }
})();
