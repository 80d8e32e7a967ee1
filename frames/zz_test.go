package frames
import ("testing";"os";"encoding/hex";"strings")
func TestZZ(t *testing.T){
 sh:=func(hx string, s State){ b,err:=hex.DecodeString(strings.ReplaceAll(hx," ","")); if err!=nil{t.Fatal(err)}
  x:=Explain(b,s); os.Stdout.Write(x.AppendDump(nil,DumpOptions{})); os.Stdout.WriteString(x.String()+"\n------\n")}
 c:=State{FromClient:true}
 sh("81 85 37 fa 21 3d 7f 9f 4d 51 58",c)
 sh("81 05 48 65 6c 6c 6f",c)
 sh("81 05 48 65 6c 6c 6f",State{})
 sh("88 82 01 02 03 04 02 ea",c)
 sh("88 06 03 e8 62 79 65 21",State{})
 sh("f3 fe 00 05 37 fa 21 3d 7f 9f",State{})
 long:=strings.Repeat("你好, world! ", 30)
 h:=AppendHeader(nil,Header{Fin:true,Opcode:Text,Masked:true,MaskKey:[4]byte{0x37,0xfa,0x21,0x3d},Length:uint64(len(long))})
 p:=[]byte(long); Mask([4]byte{0x37,0xfa,0x21,0x3d},0,p)
 sh(hex.EncodeToString(append(h,p...)),c)
 sh("82 7f 00 00 00 01 00 00 00 00 00 01 02 ff",State{})
 sh("",c); sh("89",c); sh("81 fe 01",c); sh("01 80 00 00 00 00",c)
 sh("89 05 48 65 6c 6c 6f",State{Open:Text}); sh("c1 07 f2 48 cd c9 c9 07 00",State{Deflate:true}); sh("01 04 63 61 66 c3",State{})
}
