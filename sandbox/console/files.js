/** Files as the sandbox takes them in JSON. */

/** {base64, name, mime}; the mime type without parameters. */
export async function encoded(file) {
  const url = await new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });
  return {
    base64: url.slice(url.indexOf(",") + 1),
    name: file.name || "file",
    mime: file.type.split(";")[0] || "application/octet-stream",
  };
}
