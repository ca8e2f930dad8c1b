// What the theme leaves to us: regions that scroll are reached by the keyboard, landmarks have names,
// and what heads nothing is no heading.
const name = () => {
  document.querySelectorAll(".md-code__nav").forEach((nav, number) => nav.setAttribute("aria-label", `Code ${number + 1}`))
  document.querySelectorAll("th:empty").forEach((head) => head.replaceWith(document.createElement("td")))
  document.querySelectorAll(".md-typeset__scrollwrap, .shown, .shown .rtcp").forEach((box) => {
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0
  })
}
new MutationObserver(name).observe(document.body, {childList: true, subtree: true})
addEventListener("resize", name)
name()
