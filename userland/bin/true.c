/* true.c - succeed: the smallest program, and so the cheapest exec. */
int main(void)
{
    return 0;
}
